import { CraftecError } from '../../errors/index.ts'

export type BodyFraming =
  | { readonly kind: 'none' }
  | { readonly kind: 'length'; readonly bytes: number }
  | { readonly kind: 'chunked' }
  | { readonly kind: 'until-close' }

export interface FramedHead {
  readonly version: '1.0' | '1.1'
  readonly status: number
  /** Name and value pairs in the order received, names as sent. */
  readonly headers: readonly (readonly [string, string])[]
}

/**
 * Where the body of an answer ends (RFC 9112 §6.3). Stricter than the text where it lets a client repair:
 * two different lengths, a length beside a transfer coding, and codings nobody asked for are refused.
 * @throws CraftecError `http-malformed`
 */
export function responseFraming(requestMethod: string, head: FramedHead): BodyFraming {
  const { codings, length } = declaredFraming(head)
  if (requestMethod === 'HEAD' || head.status < 200 || head.status === 204 || head.status === 304)
    return { kind: 'none' }
  if (codings.length > 0) return { kind: 'chunked' }
  if (length === undefined) return { kind: 'until-close' }
  return length === 0 ? { kind: 'none' } : { kind: 'length', bytes: length }
}

function declaredFraming(head: FramedHead): { codings: string[]; length: number | undefined } {
  const codings = valuesOf(head, 'transfer-encoding')
  const lengths = valuesOf(head, 'content-length')
  if (codings.length > 1 || (codings[0] !== undefined && codings[0].toLowerCase() !== 'chunked'))
    throw malformed('its transfer-encoding is not "chunked"')
  if (codings.length > 0 && head.version === '1.0') throw malformed('HTTP/1.0 with a transfer-encoding')
  if (codings.length > 0 && lengths.length > 0) throw malformed('it has a content-length and a transfer-encoding')
  const [first] = lengths
  if (lengths.some(other => other !== first)) throw malformed('it has several different content-lengths')
  if (first === undefined) return { codings, length: undefined }
  if (!/^\d{1,15}$/.test(first)) throw malformed('its content-length is not a number')
  return { codings, length: Number(first) }
}

function valuesOf(head: FramedHead, name: string): string[] {
  return head.headers.filter(([key]) => key.toLowerCase() === name).map(([, value]) => value)
}

function malformed(why: string): CraftecError {
  return new CraftecError('http-malformed', `the length of the answer is not clear: ${why}`)
}
