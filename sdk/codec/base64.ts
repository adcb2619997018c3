import { base64 } from '@scure/base'
import { CraftecError } from '../errors/index.ts'

/** Base64 with padding (RFC 4648, section 4): one text for one byte string. */
export function encodeBase64(bytes: Uint8Array): string {
  return base64.encode(bytes)
}

/** @param maxChars refuse longer text before decoding @throws CraftecError `malformed`, also for a form that is not canonical */
export function decodeBase64(text: string, maxChars: number): Uint8Array {
  if (text.length > maxChars)
    throw new CraftecError('malformed', `base64: at most ${maxChars} characters expected, got ${text.length}`)
  try {
    return base64.decode(text)
  } catch (cause) {
    throw new CraftecError('malformed', 'base64: not canonical, or a character outside the alphabet', { cause })
  }
}
