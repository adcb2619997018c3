import { type PieceStore, rankOf } from '../../sdk/obj/index.ts'

/**
 * Which holders of a content may die together: one after the other, in a drawn order, as long as the rest can still make every segment.
 * @param stores what each holder has
 * @param segments pieces that each segment of the content needs
 * @param random uniform numbers in 0..1
 * @returns places in `stores`
 */
export async function spareHolders(
  stores: readonly PieceStore[],
  manifestId: Uint8Array,
  segments: readonly number[],
  random: () => number
): Promise<number[]> {
  const held = await Promise.all(
    stores.map(store =>
      Promise.all(
        segments.map(async (_, segment) => {
          const pieces = (await store.content(manifestId)) ? await store.pieces(manifestId, segment) : []
          return { pieces: pieces.map(({ coefficients }) => coefficients) }
        })
      )
    )
  )
  const order = stores
    .map((_, place) => ({ place, drawn: random() }))
    .sort((a, b) => a.drawn - b.drawn)
    .map(({ place }) => place)
  const spare: number[] = []
  for (const place of order) {
    const left = held.filter((_, other) => other !== place && !spare.includes(other))
    const suffices = segments.every(
      (k, segment) =>
        rankOf(
          k,
          left.flatMap(holder => holder[segment] ?? [])
        ) === k
    )
    if (suffices) spare.push(place)
  }
  return spare
}
