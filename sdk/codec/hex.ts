import { hex } from '@scure/base'
import { CraftecError } from '../errors/index.ts'

/** Lower-case hexadecimal, two digits a byte. */
export function encodeHex(bytes: Uint8Array): string {
  return hex.encode(bytes)
}

/** Reads what {@link encodeHex} writes, and nothing else: upper case is refused. @throws CraftecError `malformed` */
export function decodeHex(text: string): Uint8Array {
  if (!/^([0-9a-f]{2})*$/.test(text))
    throw new CraftecError('malformed', 'hex: expected pairs of the digits 0-9 and a-f')
  return hex.decode(text)
}
