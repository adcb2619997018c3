/**
 * Descriptor to bytes and back, docs/protocol/craftnet.md §1. One encoding for one value: the signature covers the bytes, and
 * two nodes must never disagree about what was signed.
 */
import { ByteReader, ByteWriter } from '../../codec/index.ts'
import { type CryptoEngine, cryptoEngine, KEY_BYTES, SIGNATURE_BYTES } from '../../crypto/index.ts'
import { CraftecError } from '../../errors/index.ts'
import { compareBytes } from './compare-bytes.ts'
import type { Descriptor, DescriptorOnionKey, DescriptorRoles, PortRange } from './descriptor.ts'
import {
  MAX_ADDRESS_BYTES,
  MAX_ADDRESSES,
  MAX_DESCRIPTOR_BYTES,
  MAX_EXIT_PORT_RANGES,
  MAX_FAMILY,
  MAX_LIFETIME_S,
  MAX_ONION_KEYS,
  MAX_REGION_BYTES,
  MAX_TIME_S
} from './descriptor-limits.ts'

const VERSION = 1
const SIGNATURE_DOMAIN = /* @__PURE__ */ new TextEncoder().encode('craftec-descriptor-1')
const ROLE_BITS = { relay: 1, exit: 2, directory: 4, storage: 8 } as const
const ALL_ROLE_BITS = 15
/** What a name or an address may be made of: these texts reach pages and logs. */
const PRINTABLE_ASCII = /^[\x20-\x7e]*$/
const COUNTRY = /^([A-Z]{2}|\?\?)$/

/**
 * @param sign the identity's Ed25519 signature over a message; see `Identity.sign`
 * @returns the signed bytes
 * @throws CraftecError `descriptor-invalid` when a field breaks the rules of the format
 */
export async function encodeDescriptor(
  descriptor: Descriptor,
  sign: (message: Uint8Array) => Promise<Uint8Array>
): Promise<Uint8Array> {
  const body = encodeBody(descriptor)
  const signature = await sign(signedMessage(body))
  const bytes = new ByteWriter(body.length + SIGNATURE_BYTES).bytes(body).bytes(signature).finish()
  // The decoder holds the rules; running it here keeps a node from publishing what others refuse.
  decodeDescriptor(bytes)
  return bytes
}

/**
 * Read a descriptor and check its signature. Whether it is fresh is for the directory to say.
 * @throws CraftecError `descriptor-invalid`; the cause says which rule
 */
export function decodeDescriptor(bytes: Uint8Array, engine: CryptoEngine = cryptoEngine()): Descriptor {
  const descriptor = parseDescriptor(bytes)
  verifyDescriptor(descriptor, bytes, engine)
  return descriptor
}

/** All rules but the signature, which costs a thousand times more. @throws CraftecError `descriptor-invalid` */
export function parseDescriptor(bytes: Uint8Array): Descriptor {
  if (bytes.length > MAX_DESCRIPTOR_BYTES)
    throw invalid(`${bytes.length} bytes, at most ${MAX_DESCRIPTOR_BYTES} are allowed`)
  try {
    // A copy of its own: the descriptor outlives the frame it came in.
    const reader = new ByteReader(bytes.slice(), 'descriptor')
    const descriptor = readBody(reader)
    reader.bytes(SIGNATURE_BYTES)
    reader.end()
    return descriptor
  } catch (cause) {
    throw invalid(cause instanceof CraftecError ? cause.message : 'not readable', cause)
  }
}

/** @param bytes what `descriptor` was parsed from. @throws CraftecError `descriptor-invalid` */
export function verifyDescriptor(descriptor: Descriptor, bytes: Uint8Array, engine: CryptoEngine): void {
  const signedBytes = bytes.length - SIGNATURE_BYTES
  const message = signedMessage(bytes.subarray(0, signedBytes))
  if (!engine.ed25519Verify(descriptor.identity, message, bytes.subarray(signedBytes)))
    throw invalid('the signature is not that of the identity it names')
}

function signedMessage(body: Uint8Array): Uint8Array {
  return new ByteWriter(SIGNATURE_DOMAIN.length + body.length).bytes(SIGNATURE_DOMAIN).bytes(body).finish()
}

function encodeBody(descriptor: Descriptor): Uint8Array {
  const { onionKeys, addresses, family, exitPorts } = descriptor
  try {
    const writer = new ByteWriter(512)
      .u8(VERSION)
      .bytes(descriptor.identity)
      .u64(descriptor.sequence)
      .u64(BigInt(descriptor.issuedAt))
      .u64(BigInt(descriptor.expiresAt))
      .u8(roleBits(descriptor.roles))
    writer.u8(count(onionKeys, MAX_ONION_KEYS))
    for (const { epoch, publicKey, notAfter } of onionKeys) writer.u32(epoch).bytes(publicKey).u64(BigInt(notAfter))
    writer.u8(count(addresses, MAX_ADDRESSES))
    for (const address of addresses) writer.string16(address)
    writer.bytes(new TextEncoder().encode(descriptor.country)).string16(descriptor.region)
    writer.u8(count(family, MAX_FAMILY))
    for (const identity of family) writer.bytes(identity)
    writer.u32(descriptor.bandwidthKiBps).u64(descriptor.priceLamportsPerGiB)
    writer.u8(count(exitPorts, MAX_EXIT_PORT_RANGES))
    for (const { from, to } of exitPorts) writer.u16(from).u16(to)
    return writer.finish()
  } catch (cause) {
    throw invalid('a field is out of range', cause)
  }
}

function count(items: readonly unknown[], max: number): number {
  if (items.length > max) throw new RangeError(`${items.length} items, at most ${max} are allowed`)
  return items.length
}

function readBody(reader: ByteReader): Descriptor {
  const version = reader.u8()
  if (version !== VERSION) throw reader.malformed(`version ${version}, expected ${VERSION}`)
  const identity = reader.bytes(KEY_BYTES)
  const sequence = reader.u64()
  const issuedAt = readTime(reader)
  const expiresAt = readTime(reader)
  if (expiresAt <= issuedAt || expiresAt - issuedAt > MAX_LIFETIME_S)
    throw reader.malformed(`lifetime of ${expiresAt - issuedAt} s, expected 1..${MAX_LIFETIME_S}`)
  const descriptor = {
    identity,
    sequence,
    issuedAt,
    expiresAt,
    roles: readRoles(reader),
    onionKeys: readOnionKeys(reader),
    addresses: readAddresses(reader),
    country: readCountry(reader),
    region: reader.string16(MAX_REGION_BYTES),
    family: readFamily(reader),
    bandwidthKiBps: reader.u32(),
    priceLamportsPerGiB: reader.u64(),
    exitPorts: readExitPorts(reader)
  }
  if (!PRINTABLE_ASCII.test(descriptor.region)) throw reader.malformed('region is not printable ASCII')
  return descriptor
}

function readTime(reader: ByteReader): number {
  const seconds = Number(reader.u64())
  if (seconds > MAX_TIME_S) throw reader.malformed('a time beyond all clocks')
  return seconds
}

function roleBits(roles: DescriptorRoles): number {
  return (
    (roles.relay ? ROLE_BITS.relay : 0) |
    (roles.exit ? ROLE_BITS.exit : 0) |
    (roles.directory ? ROLE_BITS.directory : 0) |
    (roles.storage ? ROLE_BITS.storage : 0)
  )
}

function readRoles(reader: ByteReader): DescriptorRoles {
  const bits = reader.u8()
  if ((bits & ~ALL_ROLE_BITS) !== 0) throw reader.malformed(`unknown roles in ${bits}`)
  return {
    relay: (bits & ROLE_BITS.relay) !== 0,
    exit: (bits & ROLE_BITS.exit) !== 0,
    directory: (bits & ROLE_BITS.directory) !== 0,
    storage: (bits & ROLE_BITS.storage) !== 0
  }
}

function readCount(reader: ByteReader, what: string, min: number, max: number): number {
  const items = reader.u8()
  if (items < min || items > max) throw reader.malformed(`${items} ${what}, expected ${min}..${max}`)
  return items
}

function readOnionKeys(reader: ByteReader): DescriptorOnionKey[] {
  const keys: DescriptorOnionKey[] = []
  for (let left = readCount(reader, 'onion keys', 1, MAX_ONION_KEYS); left > 0; left--) {
    const key = { epoch: reader.u32(), publicKey: reader.bytes(KEY_BYTES), notAfter: readTime(reader) }
    if (key.epoch >= (keys.at(-1)?.epoch ?? Number.POSITIVE_INFINITY))
      throw reader.malformed('onion keys are not newest first')
    keys.push(key)
  }
  return keys
}

function readAddresses(reader: ByteReader): string[] {
  const addresses: string[] = []
  for (let left = readCount(reader, 'addresses', 0, MAX_ADDRESSES); left > 0; left--) {
    const address = reader.string16(MAX_ADDRESS_BYTES)
    if (!address.startsWith('/') || !PRINTABLE_ASCII.test(address)) throw reader.malformed('an address is no multiaddr')
    addresses.push(address)
  }
  return addresses
}

function readCountry(reader: ByteReader): string {
  const country = String.fromCharCode(...reader.bytes(2))
  if (!COUNTRY.test(country)) throw reader.malformed('country is neither two capitals nor ??')
  return country
}

function readFamily(reader: ByteReader): Uint8Array[] {
  const family: Uint8Array[] = []
  for (let left = readCount(reader, 'family members', 0, MAX_FAMILY); left > 0; left--) {
    const identity = reader.bytes(KEY_BYTES)
    const before = family.at(-1)
    if (before !== undefined && compareBytes(before, identity) >= 0) throw reader.malformed('family is not ascending')
    family.push(identity)
  }
  return family
}

function readExitPorts(reader: ByteReader): PortRange[] {
  const ranges: PortRange[] = []
  for (let left = readCount(reader, 'exit port ranges', 0, MAX_EXIT_PORT_RANGES); left > 0; left--) {
    const range = { from: reader.u16(), to: reader.u16() }
    if (range.from <= (ranges.at(-1)?.to ?? 0) || range.to < range.from)
      throw reader.malformed('exit ports are not ascending and disjoint')
    ranges.push(range)
  }
  return ranges
}

function invalid(why: string, cause?: unknown): CraftecError {
  return new CraftecError('descriptor-invalid', `descriptor: ${why}`, { cause })
}
