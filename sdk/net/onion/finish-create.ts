import { type CryptoEngine, constantTimeEqual, NONCE_BYTES } from '../../crypto/index.ts'
import { CraftecError } from '../../errors/index.ts'
import { forgetCreate, type PendingCreate, type PendingHop } from './build-create.ts'
import { type ClientCipher, createClientCipher } from './client-cipher.ts'
import { type CircuitKeys, deriveCircuitKeys, entryMac, transcript } from './handshake-keys.ts'
import { CREATED_PACKET_BYTES, ENTRY_BYTES, MAC_BYTES, POINT_BYTES } from './onion-format.ts'

const ZERO_NONCE = /* @__PURE__ */ new Uint8Array(NONCE_BYTES)

/**
 * Peel the answer and check that every hop proved its keys. The secrets in `pending` are overwritten in any case.
 * @param created as it came from the first hop
 * @returns the circuit's cipher, and for each hop the microseconds it waited for the next (0 at the exit)
 * @throws CraftecError `circuit-failed`; `details.hop` is the first hop whose entry does not hold
 */
export function finishCreate(pending: PendingCreate, created: Uint8Array): { cipher: ClientCipher; waitsUs: number[] } {
  const { engine } = pending.settings
  try {
    if (created.length !== CREATED_PACKET_BYTES)
      throw failed(0, `its answer has ${created.length} bytes, expected ${CREATED_PACKET_BYTES}`)
    const keys: CircuitKeys[] = []
    const waitsUs: number[] = []
    // An inner answer is the front part of what it was: the stream cipher needs no more to peel it.
    let layer = created
    for (const [index, hop] of pending.hops.entries()) {
      layer = engine.chacha20Xor(hop.replyKey, ZERO_NONCE, 0, layer)
      const entry = layer.subarray(0, ENTRY_BYTES)
      keys.push(checkEntry(engine, hop, index, entry))
      waitsUs.push(new DataView(entry.buffer, entry.byteOffset).getUint32(POINT_BYTES))
      layer = layer.subarray(ENTRY_BYTES)
    }
    return { cipher: createClientCipher(keys, pending.random, pending.settings), waitsUs }
  } finally {
    forgetCreate(pending)
  }
}

function checkEntry(engine: CryptoEngine, hop: PendingHop, index: number, entry: Uint8Array): CircuitKeys {
  const point = entry.subarray(0, POINT_BYTES)
  const wait = entry.subarray(POINT_BYTES, ENTRY_BYTES - MAC_BYTES)
  const secondSecret = agree(engine, hop, index, point)
  const hash = transcript(engine, hop.key, hop.point, point, hop.packetHash)
  const keys = deriveCircuitKeys(engine, hash, hop.firstSecret, secondSecret)
  secondSecret.fill(0)
  const holds = constantTimeEqual(entryMac(engine, keys.auth, hash, wait), entry.subarray(ENTRY_BYTES - MAC_BYTES))
  keys.auth.fill(0)
  if (!holds) throw failed(index, 'its answer is not authentic')
  return keys
}

function agree(engine: CryptoEngine, hop: PendingHop, index: number, point: Uint8Array): Uint8Array {
  try {
    return engine.x25519SharedSecret(hop.privateKey, point)
  } catch (cause) {
    throw failed(index, 'its key is not usable', cause)
  }
}

function failed(hop: number, why: string, cause?: unknown): CraftecError {
  return new CraftecError('circuit-failed', `hop ${hop}: ${why}`, { cause, details: { hop } })
}
