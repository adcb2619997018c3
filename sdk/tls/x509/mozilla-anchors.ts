import { ByteReader } from '../../codec/index.ts'
import { decodeAnchor } from './anchor-codec.ts'
import { decodeBase64 } from './base64.ts'
import { MOZILLA_ANCHORS } from './mozilla-anchors.data.ts'
import type { TrustAnchor } from './trust-anchor.ts'

let decoded: Promise<readonly TrustAnchor[]> | undefined

/** Mozilla's roots for web sites, as Node carried them when this version was built. Import it only where it is needed: it is large. */
export function mozillaAnchors(): Promise<readonly TrustAnchor[]> {
  decoded ??= decodeAll()
  return decoded
}

async function decodeAll(): Promise<readonly TrustAnchor[]> {
  // Deflated before it became text: names shrink to a quarter, which no gzip of base64 achieves.
  const packed = new Blob([decodeBase64(MOZILLA_ANCHORS)]).stream().pipeThrough(new DecompressionStream('deflate-raw'))
  const reader = new ByteReader(new Uint8Array(await new Response(packed).arrayBuffer()), 'trust anchors')
  const anchors = Array.from({ length: reader.u16() }, () => decodeAnchor(reader))
  reader.end()
  return anchors
}
