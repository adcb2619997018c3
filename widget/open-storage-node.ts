import { CraftecError } from '../sdk/errors/index.ts'
import type { Craftec } from '../sdk/index.ts'

export interface StorageNode {
  readonly craft: Pick<Craftec, 'obj'>
  /** Ends what {@link openStorageNode} started. Never rejects. */
  close(): Promise<void>
}

/**
 * A node of the widget's own, with slab files and coding in workers. The code of it is loaded here, not with the element.
 * @throws CraftecError as `createCraftec` and `openPieceStore` do
 */
export async function openStorageNode(bootstrap: readonly string[]): Promise<StorageNode> {
  if (bootstrap.length === 0)
    throw new CraftecError(
      'invalid-argument',
      'give <craftec-storage> a bootstrap attribute, or set its craft property'
    )
  const [{ createCraftec }, { createCodecPool, openPieceStore }] = await Promise.all([
    import('../sdk/index.ts'),
    import('../workers/index.ts')
  ])
  const ends: (() => Promise<void>)[] = []
  const close = async (): Promise<void> => {
    for (const end of ends.splice(0).reverse()) await end().catch(() => {})
  }
  try {
    const store = await openPieceStore()
    ends.push(() => store.close())
    const codec = createCodecPool()
    ends.push(async () => codec.dispose())
    const craft = await createCraftec({ bootstrap, obj: { store, codec } })
    ends.push(() => craft.stop())
    return { craft, close }
  } catch (error) {
    await close()
    throw error
  }
}
