import type { RandomBytes } from '../../async/index.ts'
import { TAG_BYTES } from '../../crypto/index.ts'
import { CraftecError } from '../../errors/index.ts'
import { CellKey } from './cell-key.ts'
import { ForwardTail } from './forward-tail.ts'
import type { CircuitKeys } from './handshake-keys.ts'
import { KeyStream } from './key-stream.ts'
import { FORWARD_OVERHEAD_BYTES } from './onion-format.ts'
import type { OnionSettings } from './onion-options.ts'
import { checkSize, circuitIsDead, openBody, sealBody, xorBody } from './sealed-body.ts'

const KEY_BYTES = 32

/**
 * The client's end of a circuit: all layers. Every cell must pass, in order.
 * @throws CraftecError `circuit-destroyed` once a cell was not authentic, and ever after; `protocol-violation` for a wrong size
 */
export interface ClientCipher {
  /**
   * @param payload exactly `FORWARD_PAYLOAD_BYTES`, else `invalid-argument`
   * @param out where the cell's body goes. Default: a new array. @returns `out`
   */
  sealForward(payload: Uint8Array, out?: Uint8Array): Uint8Array
  /** Works in place. @returns the payload, a view of `body` */
  openBackward(body: Uint8Array): Uint8Array
  /** Overwrite the keys. */
  destroy(): void
}

/** @param random for the room that a short path leaves in a cell */
export function createClientCipher(
  hops: readonly CircuitKeys[],
  random: RandomBytes,
  settings: OnionSettings
): ClientCipher {
  const { engine, rekeyCells, bodyBytes } = settings
  const forwardKeys = hops.map(keys => new CellKey(keys.forward, engine, rekeyCells))
  const relayBackwardKeys = hops.slice(0, -1).map(keys => new CellKey(keys.backward, engine, rekeyCells))
  const exitKeys = hops.at(-1)
  if (exitKeys === undefined) throw new CraftecError('internal', 'a circuit without hops')
  const exitBackwardKey = new CellKey(exitKeys.backward, engine, rekeyCells)
  exitKeys.filler.fill(0)
  const tail = new ForwardTail(
    hops.slice(0, -1).map(keys => keys.filler),
    forwardKeys,
    settings
  )

  // Sealing a layer and putting its tag in front moves the window 16 bytes down: no layer copies the one before.
  const window = new Uint8Array(bodyBytes + tail.length)
  const bodies = hops.map((_, index) => window.subarray(TAG_BYTES * index, TAG_BYTES * index + bodyBytes))
  const payloadAt = TAG_BYTES * hops.length
  const payloadBytes = bodyBytes - FORWARD_OVERHEAD_BYTES
  const tailAt = window.length - tail.length
  // Zeros here would tell the exit how short the path is.
  const unusedBytes = tailAt - payloadAt - payloadBytes
  const unusedKey = random(KEY_BYTES)
  const unused = new KeyStream(engine, unusedKey)
  let dead = false

  const destroy = (): void => {
    dead = true
    for (const key of [...forwardKeys, ...relayBackwardKeys, exitBackwardKey]) key.destroy()
    tail.destroy()
    unusedKey.fill(0)
    unused.destroy()
    window.fill(0)
  }
  return {
    sealForward: (payload, out = new Uint8Array(bodyBytes)) => {
      checkSize(payload, payloadBytes, 'invalid-argument')
      checkSize(out, bodyBytes, 'invalid-argument')
      if (dead) throw circuitIsDead()
      for (const key of forwardKeys) key.advance()
      window.set(payload, payloadAt)
      window.set(unused.take(unusedBytes), payloadAt + payloadBytes)
      window.set(tail.next(), tailAt)
      for (let hop = hops.length - 1; hop >= 0; hop--) {
        const key = forwardKeys[hop]
        const body = bodies[hop]
        if (key !== undefined && body !== undefined) sealBody(engine, key, body)
      }
      out.set(window.subarray(0, bodyBytes))
      return out
    },
    openBackward: body => {
      checkSize(body, bodyBytes, 'protocol-violation')
      if (dead) throw circuitIsDead()
      for (const key of relayBackwardKeys) {
        key.advance()
        xorBody(engine, key, body)
      }
      exitBackwardKey.advance()
      if (!openBody(engine, exitBackwardKey, body)) {
        destroy()
        throw circuitIsDead()
      }
      return body.subarray(TAG_BYTES)
    },
    destroy
  }
}
