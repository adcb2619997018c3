/**
 * libcurl.js carries some 150 roots as DER in its WebAssembly, and has no way to set others. So others are written over them: each into
 * the place of one that is at least as long, zeros over the rest. mbedTLS ignores what follows a certificate and skips what is none.
 */
import { decodeBase64 } from '../codec/index.ts'
import { CraftecError } from '../errors/index.ts'

interface Slot {
  readonly at: number
  readonly length: number
}

const BLOCK = /-----BEGIN CERTIFICATE-----([\sA-Za-z0-9+/=]+)-----END CERTIFICATE-----/g
/** Roots are 400 to 2,500 bytes long; what looks like one and is longer is something else. */
const MIN_ROOT_BYTES = 400
const MAX_ROOT_BYTES = 8192
const MAX_ROOT_CHARS = MAX_ROOT_BYTES * 2
const SEQUENCE = 0x30

/**
 * @param roots DER, or text with any number of PEM blocks
 * @throws CraftecError `invalid-argument` | `malformed` for base64 that is none
 */
export function readRoots(roots: readonly (Uint8Array | string)[]): Uint8Array[] {
  const all = roots.flatMap(root => (typeof root === 'string' ? pemBlocks(root) : [root]))
  if (all.length === 0 || all.some(der => certificateLength(der, 0) !== der.length))
    throw new CraftecError('invalid-argument', 'roots: expected certificates in PEM or DER, at least one')
  return all
}

/**
 * @param wasm libcurl.wasm, changed in place
 * @throws CraftecError `limit-exceeded` when the roots do not fit
 */
export function writeRoots(wasm: Uint8Array, roots: readonly Uint8Array[]): void {
  const slots = findSlots(wasm).sort((a, b) => b.length - a.length)
  for (const { at, length } of slots) wasm.fill(0, at, at + length)
  const longestFirst = [...roots].sort((a, b) => b.length - a.length)
  for (const [index, root] of longestFirst.entries()) {
    const slot = slots[index]
    if (slot === undefined || slot.length < root.length)
      throw new CraftecError('limit-exceeded', 'roots: these are too many, or too long, for libcurl.js')
    wasm.set(root, slot.at)
  }
}

/**
 * Whether `list` (PEM, as libcurl.js tells what it trusts) is `roots` and nothing else. Trusting somebody who was not asked for would be
 * worse than not working, so nothing is believed about the file.
 */
export function holdsOnly(list: string, roots: readonly Uint8Array[]): boolean {
  const found = pemBlocks(list).filter(bytes => bytes.some(byte => byte !== 0))
  const same = (left: Uint8Array, right: Uint8Array): boolean =>
    left.length >= right.length && left.every((byte, index) => byte === (right[index] ?? 0))
  return found.length === roots.length && roots.every(root => found.some(bytes => same(bytes, root)))
}

function findSlots(wasm: Uint8Array): Slot[] {
  const slots: Slot[] = []
  for (let at = wasm.indexOf(SEQUENCE); at !== -1; at = wasm.indexOf(SEQUENCE, at)) {
    const length = certificateLength(wasm, at)
    // All roots are longer: shorter ones are chance.
    if (length === undefined || length < MIN_ROOT_BYTES) at += 1
    else {
      slots.push({ at, length })
      at += length
    }
  }
  return slots
}

/** Of what begins like a certificate: SEQUENCE { SEQUENCE { version 3, or the serial number of version 1. */
function certificateLength(bytes: Uint8Array, at: number): number | undefined {
  const outer = sequenceAt(bytes, at)
  const inner = outer && sequenceAt(bytes, outer.contentAt)
  if (outer === undefined || inner === undefined || inner.end >= outer.end || outer.end > bytes.length) return undefined
  const [first = 0, second = 0] = bytes.subarray(inner.contentAt, inner.contentAt + 2)
  const begins = (first === 0xa0 && second === 3) || (first === 0x02 && second <= 20)
  return begins && outer.end - at <= MAX_ROOT_BYTES ? outer.end - at : undefined
}

function sequenceAt(bytes: Uint8Array, at: number): { readonly contentAt: number; readonly end: number } | undefined {
  const [tag, size = 0, high = 0, low = 0] = bytes.subarray(at, at + 4)
  if (tag !== SEQUENCE) return undefined
  if (size === 0x82) return { contentAt: at + 4, end: at + 4 + high * 256 + low }
  return size === 0x81 ? { contentAt: at + 3, end: at + 3 + high } : undefined
}

function pemBlocks(text: string): Uint8Array[] {
  return [...text.matchAll(BLOCK)].map(([, base64 = '']) => decodeBase64(base64.replace(/\s/g, ''), MAX_ROOT_CHARS))
}
