import { CraftecError } from '../../errors/index.ts'
import { isFieldValue, isToken } from './field-syntax.ts'
import type { HttpLimits } from './limits.ts'

/** What a line is, from the parser's state. */
export type LineKind = 'status' | 'header' | 'chunk-size' | 'chunk-end' | 'trailer'

const STATUS_LINE = /^HTTP\/1\.[01] [1-5]\d\d(?: [\t\x20-\x7e\x80-\xff]*)?$/
/** 13 hexadecimal digits stay below 2^53. Extensions are allowed and ignored (RFC 9112 §7.1.1). */
const CHUNK_SIZE = /^[0-9A-Fa-f]{1,13}(?:[\t ]*;[\t\x20-\x7e\x80-\xff]*)?$/

/**
 * Takes the lines of one answer out of network chunks and refuses every line that RFC 9112 does not allow, before the
 * parser sees it: the parser is made to be tolerant, and tolerance is how two readers come to disagree about one message.
 * Refused on purpose although §2.2 and §5.2 let a client accept them: a bare LF, folded headers, space before the colon.
 */
export class ResponseLineGate {
  readonly #limits: HttpLimits
  #partial = ''
  #lineBytes = 0
  #headBytes = 0
  #headers = 0

  constructor(limits: HttpLimits) {
    this.#limits = limits
  }

  /**
   * @returns the line without its CRLF and the position after it, or `undefined` when `chunk` ends before the line does
   * @throws CraftecError `http-malformed` | `limit-exceeded`
   */
  take(chunk: Uint8Array, from: number, kind: LineKind): { line: string; next: number } | undefined {
    const newline = chunk.indexOf(0x0a, from)
    const stop = newline === -1 ? chunk.length : newline
    this.#count(stop - from + 1, kind)
    this.#partial += latin1(chunk, from, stop)
    if (newline === -1) return undefined
    const raw = this.#partial
    this.#partial = ''
    this.#lineBytes = 0
    if (!raw.endsWith('\r')) throw malformed(kind, 'it does not end with CR LF')
    const line = raw.slice(0, -1)
    this.#check(line, kind)
    return { line, next: newline + 1 }
  }

  /** The interim answer is over; its head does not count against the next one. */
  nextMessage(): void {
    this.#headBytes = 0
    this.#headers = 0
  }

  #count(bytes: number, kind: LineKind): void {
    this.#lineBytes += bytes
    if (kind === 'chunk-size' || kind === 'chunk-end') {
      if (this.#lineBytes > this.#limits.maxChunkLineBytes)
        throw tooMuch('a chunk line', this.#limits.maxChunkLineBytes)
      return
    }
    this.#headBytes += bytes
    if (this.#headBytes > this.#limits.maxHeadBytes) throw tooMuch('the head', this.#limits.maxHeadBytes)
  }

  #check(line: string, kind: LineKind): void {
    switch (kind) {
      case 'status':
        if (!STATUS_LINE.test(line)) throw malformed(kind, 'expected "HTTP/1.1", a status from 100 to 599 and a reason')
        return
      case 'chunk-size':
        if (!CHUNK_SIZE.test(line)) throw malformed(kind, 'expected a hexadecimal size')
        return
      case 'chunk-end':
        if (line !== '') throw malformed(kind, 'the chunk is longer than its size says')
        return
      case 'header':
      case 'trailer':
        if (line !== '') this.#checkField(line, kind)
    }
  }

  #checkField(line: string, kind: LineKind): void {
    const colon = line.indexOf(':')
    if (colon === -1 || !isToken(line.slice(0, colon))) throw malformed(kind, 'expected "name: value"')
    if (!isFieldValue(line.slice(colon + 1))) throw malformed(kind, 'the value has a control character')
    if (++this.#headers > this.#limits.maxHeaders) throw tooMuch('the number of headers', this.#limits.maxHeaders)
  }
}

/** One character a byte ("isomorphic decode", Infra Standard): a header's bytes survive whatever they are. */
function latin1(bytes: Uint8Array, from: number, to: number): string {
  let text = ''
  // Engines bound the number of arguments of a call.
  for (let at = from; at < to; at += 8192) {
    text += String.fromCharCode(...bytes.subarray(at, Math.min(at + 8192, to)))
  }
  return text
}

function malformed(kind: LineKind, why: string): CraftecError {
  return new CraftecError('http-malformed', `the answer has a bad ${kind} line: ${why}`, { details: { line: kind } })
}

function tooMuch(what: string, limit: number): CraftecError {
  return new CraftecError('limit-exceeded', `${what} of the answer is over the limit of ${limit}`, {
    details: { limit }
  })
}
