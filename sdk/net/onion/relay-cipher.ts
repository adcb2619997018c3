import { TAG_BYTES } from '../../crypto/index.ts'
import { CellKey } from './cell-key.ts'
import type { CircuitKeys } from './handshake-keys.ts'
import { KeyStream } from './key-stream.ts'
import type { OnionSettings } from './onion-options.ts'
import { checkSize, circuitIsDead, openBody, xorBody } from './sealed-body.ts'

/**
 * A relay's layer of a circuit. Both methods work in place and return their argument; every cell must pass, in order.
 * @throws CraftecError `circuit-destroyed` once a cell was not authentic, and ever after; `protocol-violation` for a wrong size
 */
export interface RelayCipher {
  /** Away from the client: take one layer off, put filler where it made room. */
  forward(body: Uint8Array): Uint8Array
  /** Towards the client: put one layer on. */
  backward(body: Uint8Array): Uint8Array
  /** Overwrite the keys. */
  destroy(): void
}

export function createRelayCipher(keys: CircuitKeys, settings: OnionSettings): RelayCipher {
  const { engine, rekeyCells, bodyBytes } = settings
  const forwardKey = new CellKey(keys.forward, engine, rekeyCells)
  const fillerKey = new CellKey(keys.filler, engine, rekeyCells)
  const backwardKey = new CellKey(keys.backward, engine, rekeyCells)
  const filler = new KeyStream(engine, fillerKey.bytes)
  let dead = false

  const destroy = (): void => {
    dead = true
    for (const key of [forwardKey, fillerKey, backwardKey]) key.destroy()
    filler.destroy()
  }
  return {
    forward: body => {
      checkSize(body, bodyBytes, 'protocol-violation')
      if (dead) throw circuitIsDead()
      forwardKey.advance()
      if (!openBody(engine, forwardKey, body)) {
        destroy()
        throw circuitIsDead()
      }
      if (fillerKey.advance()) filler.restart()
      body.copyWithin(0, TAG_BYTES)
      body.set(filler.take(TAG_BYTES), bodyBytes - TAG_BYTES)
      return body
    },
    backward: body => {
      checkSize(body, bodyBytes, 'protocol-violation')
      if (dead) throw circuitIsDead()
      backwardKey.advance()
      xorBody(engine, backwardKey, body)
      return body
    },
    destroy
  }
}
