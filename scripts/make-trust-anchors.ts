/**
 * Writes sdk/tls/x509/mozilla-anchors.data.ts from the list of Mozilla's roots that Node carries. Run it when Node has been
 * updated, and review the list it prints beside the one of the last commit: `node scripts/make-trust-anchors.ts`.
 */
import { writeFile } from 'node:fs/promises'
import { rootCertificates } from 'node:tls'
import { deflateRawSync } from 'node:zlib'
import { ByteWriter } from '../sdk/codec/index.ts'
import { encodeAnchor } from '../sdk/tls/x509/anchor-codec.ts'
import { OID } from '../sdk/tls/x509/certificate-rules.ts'
import { parsePublicKey, requireStrength } from '../sdk/tls/x509/public-key.ts'
import { readTrustAnchors, type TrustAnchor } from '../sdk/tls/x509/trust-anchor.ts'

const target = new URL('../sdk/tls/x509/mozilla-anchors.data.ts', import.meta.url)
const now = Date.now()
const kept = readTrustAnchors(rootCertificates).filter(anchor => refusal(anchor) === undefined)
kept.sort((a, b) => Buffer.compare(a.subject, b.subject))

const about = new ByteWriter(16_384).u16(kept.length)
const keys = new ByteWriter(65_536)
for (const anchor of kept) encodeAnchor(about, keys, anchor)
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')
await writeFile(
  target,
  `/** Made by scripts/make-trust-anchors.ts from Node ${process.versions.node}: ${kept.length} of Mozilla's roots. Do not edit. */
export const MOZILLA_NAMES =
  '${base64(deflateRawSync(about.finish(), { level: 9 }))}'
export const MOZILLA_KEYS =
  '${base64(keys.finish())}'
`
)
for (const anchor of kept)
  console.log(`${new Date(anchor.notAfter).toISOString().slice(0, 10)}  ${printable(anchor.subject)}`)
console.log(`${kept.length} of ${rootCertificates.length} roots kept`)

/** Why a root is left out. Constraints would be lost in the short form, so a root that has some must not slip in. */
function refusal({ spki, notAfter, certificate }: TrustAnchor): string | undefined {
  const name = printable(certificate?.subject ?? new Uint8Array())
  if (certificate?.extensions.has(OID.nameConstraints)) throw new Error(`${name} has name constraints`)
  if (notAfter < now) return left(name, 'expired')
  try {
    requireStrength(parsePublicKey(spki))
    return undefined
  } catch (error) {
    return left(name, error instanceof Error ? error.message : String(error))
  }
}

function left(name: string, why: string): string {
  console.log(`left out: ${name}: ${why}`)
  return why
}

function printable(name: Uint8Array): string {
  return Buffer.from(name)
    .toString('latin1')
    .replace(/[^\x20-\x7e]+/g, ' ')
    .trim()
}
