import { readFileSync } from 'node:fs'
import { ed25519 } from '@noble/curves/ed25519.js'
import { bytesToHex, concatBytes, hexToBytes } from '@noble/hashes/utils.js'
import { describe, expect, it } from 'vitest'
import { decodeDescriptor } from '../../sdk/net/directory/index.ts'
import { type DescriptorVector, makeDescriptorVectors, plain } from './make-craftnet-descriptor.ts'

const vectors = JSON.parse(
  readFileSync(new URL('./craftnet-descriptor.json', import.meta.url), 'utf8')
) as DescriptorVector[]

/** docs/protocol/craftnet.md §1, field by field, without the SDK's codec. */
function reference(bytes: Uint8Array): Record<string, unknown> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let at = 0
  const number = (size: 1 | 2 | 4): number => {
    const from = at
    at += size
    return size === 1 ? view.getUint8(from) : size === 2 ? view.getUint16(from) : view.getUint32(from)
  }
  const u64 = (): bigint => {
    at += 8
    return view.getBigUint64(at - 8)
  }
  const take = (length: number): Uint8Array => {
    at += length
    return bytes.slice(at - length, at)
  }
  const text = (length: number): string => String.fromCharCode(...take(length))
  const list = <T>(item: () => T): T[] => Array.from({ length: number(1) }, item)

  expect(number(1)).toBe(1)
  const identity = bytesToHex(take(32))
  const [sequence, issuedAt, expiresAt] = [u64().toString(), Number(u64()), Number(u64())]
  const roles = number(1)
  const fields = {
    identity,
    sequence,
    issuedAt,
    expiresAt,
    roles: { relay: !!(roles & 1), exit: !!(roles & 2), directory: !!(roles & 4), storage: !!(roles & 8) },
    onionKeys: list(() => ({ epoch: number(4), publicKey: bytesToHex(take(32)), notAfter: Number(u64()) })),
    addresses: list(() => text(number(2))),
    country: text(2),
    region: text(number(2)),
    family: list(() => bytesToHex(take(32))),
    bandwidthKiBps: number(4),
    priceLamportsPerGiB: u64().toString(),
    exitPorts: list(() => ({ from: number(2), to: number(2) }))
  }
  expect(at).toBe(bytes.length - 64)
  return fields
}

describe('descriptor vectors', () => {
  it('are what the implementation makes today', async () => {
    expect(await makeDescriptorVectors()).toEqual(vectors)
  })

  it.each(vectors.map(vector => [vector.name, vector] as const))(
    '%s: fields and signature follow from the format',
    (_, vector) => {
      const bytes = hexToBytes(vector.bytes)
      const seed = hexToBytes(vector.seed)
      expect(reference(bytes)).toEqual(vector.descriptor)
      expect(bytesToHex(ed25519.getPublicKey(seed))).toBe(vector.descriptor.identity)
      const message = concatBytes(new TextEncoder().encode('craftec-descriptor-1'), bytes.slice(0, -64))
      expect(bytesToHex(ed25519.sign(message, seed))).toBe(bytesToHex(bytes.slice(-64)))
      expect(plain(decodeDescriptor(bytes))).toEqual(vector.descriptor)
    }
  )
})
