import { ByteReader } from '../../codec/index.ts'
import { decodeAnchor } from './anchor-codec.ts'
import { decodeBase64 } from './base64.ts'
import { MOZILLA_KEYS, MOZILLA_NAMES } from './mozilla-anchors.data.ts'
import type { TrustAnchor } from './trust-anchor.ts'

let decoded: Promise<readonly TrustAnchor[]> | undefined

/** Mozilla's roots for web sites, as Node carried them when this version was built. Import it only where it is needed: it is large. */
export function mozillaAnchors(): Promise<readonly TrustAnchor[]> {
  decoded ??= decodeAll()
  return decoded
}

async function decodeAll(): Promise<readonly TrustAnchor[]> {
  // Deflated before it became text: names shrink to a quarter, which no gzip of base64 achieves.
  const packed = new Blob([decodeBase64(MOZILLA_NAMES)]).stream().pipeThrough(new DecompressionStream('deflate-raw'))
  const about = new ByteReader(new Uint8Array(await new Response(packed).arrayBuffer()), 'trust anchors')
  const keys = new ByteReader(decodeBase64(MOZILLA_KEYS), 'keys of trust anchors')
  const anchors = Array.from({ length: about.u16() }, () => decodeAnchor(about, keys))
  about.end()
  keys.end()
  return anchors
}
