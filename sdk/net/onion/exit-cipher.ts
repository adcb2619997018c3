import { TAG_BYTES } from '../../crypto/index.ts'
import { CellKey } from './cell-key.ts'
import type { CircuitKeys } from './handshake-keys.ts'
import { FORWARD_OVERHEAD_BYTES } from './onion-format.ts'
import type { OnionSettings } from './onion-options.ts'
import { checkSize, circuitIsDead, openBody, sealBody } from './sealed-body.ts'

/**
 * The exit's end of a circuit. Every cell must pass, in order.
 * @throws CraftecError `circuit-destroyed` once a cell was not authentic, and ever after; `protocol-violation` for a wrong size
 */
export interface ExitCipher {
  /** Works in place. @returns the payload, a view of `body` */
  openForward(body: Uint8Array): Uint8Array
  /**
   * @param payload exactly `BACKWARD_PAYLOAD_BYTES`, else `invalid-argument`
   * @param out where the cell's body goes. Default: a new array. @returns `out`
   */
  sealBackward(payload: Uint8Array, out?: Uint8Array): Uint8Array
  /** Overwrite the keys. */
  destroy(): void
}

export function createExitCipher(keys: CircuitKeys, settings: OnionSettings): ExitCipher {
  const { engine, rekeyCells, bodyBytes } = settings
  const forwardKey = new CellKey(keys.forward, engine, rekeyCells)
  const backwardKey = new CellKey(keys.backward, engine, rekeyCells)
  const payloadEnd = TAG_BYTES + bodyBytes - FORWARD_OVERHEAD_BYTES
  keys.filler.fill(0)
  let dead = false

  const destroy = (): void => {
    dead = true
    forwardKey.destroy()
    backwardKey.destroy()
  }
  return {
    openForward: body => {
      checkSize(body, bodyBytes, 'protocol-violation')
      if (dead) throw circuitIsDead()
      forwardKey.advance()
      if (!openBody(engine, forwardKey, body)) {
        destroy()
        throw circuitIsDead()
      }
      return body.subarray(TAG_BYTES, payloadEnd)
    },
    sealBackward: (payload, out = new Uint8Array(bodyBytes)) => {
      checkSize(payload, bodyBytes - TAG_BYTES, 'invalid-argument')
      checkSize(out, bodyBytes, 'invalid-argument')
      if (dead) throw circuitIsDead()
      backwardKey.advance()
      out.set(payload, TAG_BYTES)
      sealBody(engine, backwardKey, out)
      return out
    },
    destroy
  }
}
