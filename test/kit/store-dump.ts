import { encodeHex } from '../../sdk/codec/index.ts'
import type { PieceStore } from '../../sdk/obj/index.ts'

/**
 * All that a store holds, as text that is equal for equal stores: contents with their labels and counts, every piece with its bytes,
 * values, sums. Times of use are left out: a crash may take the latest.
 */
export async function dumpStore(store: PieceStore): Promise<string> {
  const lines: string[] = []
  for (const { usedAt: _, ...info } of await store.contents({ limit: 1_000 })) {
    const { manifestId } = info
    lines.push(
      `content ${JSON.stringify(Object.entries(info).sort(), bytesAsHex)}`,
      `manifest ${hexOrNone(await store.manifest(manifestId))}`
    )
    const held = await store.held(manifestId)
    lines.push(`held ${held.join()}`)
    for (const segment of held.keys())
      for (const record of await store.pieces(manifestId, segment)) {
        const data = await store.readPiece(manifestId, segment, record.id)
        lines.push(`piece ${segment} ${JSON.stringify(Object.entries(record).sort(), bytesAsHex)} ${hexOrNone(data)}`)
      }
    const known = await store.byContentId(info.contentId)
    lines.push(`alias ${known.some(other => encodeHex(other.manifestId) === encodeHex(manifestId))}`)
  }
  for (const { key, value } of await store.values('')) lines.push(`value ${key} ${encodeHex(value)}`)
  const { bytes, contents, pieces, perPeer } = await store.usage()
  lines.push(`usage ${JSON.stringify([bytes, contents, pieces, Object.entries(perPeer).sort()])}`)
  return lines.join('\n')
}

function bytesAsHex(_: string, value: unknown): unknown {
  return value instanceof Uint8Array ? encodeHex(value) : value
}

function hexOrNone(bytes: Uint8Array | undefined): string {
  return bytes === undefined ? 'none' : encodeHex(bytes)
}
