/** A download that is sealed as Noise seals it, without anything else of Noise: what server and page of the bench agree on. */

export const SEALED_PATH = '/sealed'
/** Of content in a message: as much as a Noise message takes. */
export const SEALED_BYTES = 65_519
export const SEALED_KEY = new Uint8Array(32).fill(9)

/** @param number of the message, from 0 */
export function nonceOf(number: number): Uint8Array {
  const nonce = new Uint8Array(12)
  new DataView(nonce.buffer).setUint32(4, number, true)
  return nonce
}
