import type { RandomBytes } from '../../async/index.ts'
import { NONCE_BYTES } from '../../crypto/index.ts'
import { CraftecError } from '../../errors/index.ts'
import type { AcceptedHop } from './accepted-hop.ts'
import { concat } from './concat.ts'
import { entryMac } from './handshake-keys.ts'
import { CREATED_PACKET_BYTES, ENTRY_BYTES } from './onion-format.ts'

const ZERO_NONCE = /* @__PURE__ */ new Uint8Array(NONCE_BYTES)
const MAX_U32 = 0xffff_ffff

/**
 * A hop's answer: its own entry in front of what came back, all under its reply key. Call once for a hop.
 * @param inner the created packet from the next hop; undefined at the exit
 * @param waitUs microseconds between passing the packet on and getting `inner`; 0 at the exit
 * @throws CraftecError `protocol-violation` when `inner` has the wrong size
 */
export function answerCreate(
  hop: AcceptedHop<unknown>,
  inner: Uint8Array | undefined,
  waitUs: number,
  random: RandomBytes
): Uint8Array {
  if ((hop.role === 'exit') !== (inner === undefined))
    throw new CraftecError('invalid-argument', 'a relay answers with what came back, an exit without')
  if (inner !== undefined && inner.length !== CREATED_PACKET_BYTES)
    throw new CraftecError(
      'protocol-violation',
      `created packet: expected ${CREATED_PACKET_BYTES} bytes, got ${inner.length}`
    )
  const { engine } = hop.agreement.settings
  const { point, transcript, auth } = hop.complete()
  const wait = encodeWait(waitUs)
  const behind = inner?.subarray(0, CREATED_PACKET_BYTES - ENTRY_BYTES) ?? random(CREATED_PACKET_BYTES - ENTRY_BYTES)
  const created = concat(point, wait, entryMac(engine, auth, transcript, wait), behind)
  engine.chacha20Xor(hop.agreement.replyKey, ZERO_NONCE, 0, created, created)
  hop.forget()
  return created
}

function encodeWait(waitUs: number): Uint8Array {
  const wait = new Uint8Array(4)
  new DataView(wait.buffer).setUint32(0, Math.min(MAX_U32, Math.max(0, Math.round(waitUs))))
  return wait
}
