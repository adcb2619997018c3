import type { CraftecObj } from '../sdk/index.ts'
import { formatLink } from '../sdk/obj/index.ts'

/** Something that was stored on this device, as it is known after a reload. */
export interface KeptContent {
  readonly manifestId: Uint8Array
  /** Names it; opens it unless it is encrypted, because its key was never kept. */
  readonly link: string
  readonly name: string | undefined
  /** In bytes, as it was stored by its user. */
  readonly size: number
  readonly encrypted: boolean
  /** Milliseconds since the Unix epoch. */
  readonly addedAt: number
}

/**
 * What this device keeps for its user, newest first: content that was put here. What was only fetched is a cache, and is not listed.
 * @param limit at most so many
 * @throws CraftecError as `obj.ls` and `obj.stat` do
 */
export async function keptContents(obj: CraftecObj, limit: number): Promise<KeptContent[]> {
  const kept: KeptContent[] = []
  for await (const content of obj.ls()) {
    if (!content.pinned || content.origin !== 'own') continue
    const { contentId, manifestId, label, addedAt } = content
    const link = formatLink({
      contentId,
      manifestId,
      ...(label?.name ? { name: label.name } : {}),
      ...(label?.type ? { mediaType: label.type } : {})
    })
    const { size, encrypted } = await obj.stat(link)
    kept.push({ manifestId, link, name: label?.name || undefined, size, encrypted, addedAt })
    // the newest are wanted, and the store has another order
    if (kept.length >= 2 * limit) newest(kept, limit)
  }
  return newest(kept, limit)
}

function newest(kept: KeptContent[], limit: number): KeptContent[] {
  kept.sort((a, b) => b.addedAt - a.addedAt)
  kept.length = Math.min(kept.length, limit)
  return kept
}
