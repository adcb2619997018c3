import { CraftecError } from '../sdk/errors/index.ts'
import type { Craftec } from '../sdk/index.ts'

export interface StorageNode {
  readonly craft: Pick<Craftec, 'obj'>
  /** Ends what {@link openStorageNode} started. Never rejects. */
  close(): Promise<void>
}

/**
 * A node of the widget's own. The code of it is loaded here, not with the element.
 * @throws CraftecError as `createCraftec` and its storage do
 */
export async function openStorageNode(bootstrap: readonly string[]): Promise<StorageNode> {
  if (bootstrap.length === 0)
    throw new CraftecError(
      'invalid-argument',
      'give <craftec-storage> a bootstrap attribute, or set its craft property'
    )
  const { createCraftec } = await import('../sdk/index.ts')
  // `obj` given, even empty: storage starts with the node, and goes on with what was not spread
  const craft = await createCraftec({ bootstrap, obj: {} })
  return { craft, close: () => craft.stop() }
}
