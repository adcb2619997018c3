/**
 * HTTP/1.1 answers from bytes. The state machine is @achingbrain/http-parser-js (docs/decisions/0001-http-parser.md); this
 * file puts a strict gate before every line it reads and decides the framing itself.
 */
import { HTTPParser } from '@achingbrain/http-parser-js'
import { CraftecError } from '../../errors/index.ts'
import { HTTP_LIMITS, type HttpLimits } from './limits.ts'
import { type BodyFraming, type FramedHead, responseFraming } from './response-framing.ts'
import { type LineKind, ResponseLineGate } from './response-line-gate.ts'

export interface ResponseHead extends FramedHead {
  readonly reason: string
  readonly framing: BodyFraming
  /** The peer lets the connection be used again after this answer. */
  readonly keepAlive: boolean
}

/** What one piece of input brought. `body` is in order and belongs to the caller. */
export interface ParsedPiece {
  readonly head?: ResponseHead
  readonly body: readonly Uint8Array[]
  readonly done: boolean
  /** Bytes came after the end of the answer: nothing asked for them, so the connection is not to be used again. */
  readonly surplus: boolean
}

/** What this file relies on inside the parser; its d.ts hides the first four. */
interface ParserInside {
  chunk: Uint8Array
  offset: number
  readonly state: string
  readonly info: { headers: string[]; statusCode: number; statusMessage: string; versionMinor: number }
  consumeLine(): string | undefined
  execute(chunk: Uint8Array): number | Error
  finish(): Error | undefined
  [callback: number]: (...args: never[]) => unknown
}

const LINE_KINDS: Readonly<Record<string, LineKind>> = {
  RESPONSE_LINE: 'status',
  HEADER: 'header',
  BODY_CHUNKHEAD: 'chunk-size',
  BODY_CHUNKEMPTYLINE: 'chunk-end',
  BODY_CHUNKTRAILERS: 'trailer'
}

/** The parser counts a whole piece as head when a message ends inside it, and refuses 80 KiB of that. */
const MAX_PIECE_BYTES = 32_768

/** Parses exactly one final answer, after any 1xx ones. */
export class ResponseParser {
  readonly #method: string
  readonly #limits: HttpLimits
  readonly #parser: ParserInside
  readonly #gate: ResponseLineGate
  #interim = 0
  #started = false
  #head: ResponseHead | undefined
  #newHead: ResponseHead | undefined
  #body: Uint8Array[] = []
  #done = false
  #surplus = false
  #error: CraftecError | undefined

  /** @param method of the request: the answer to HEAD has no body whatever it says */
  constructor(method: string, limits: HttpLimits = HTTP_LIMITS) {
    this.#method = method
    this.#limits = limits
    this.#gate = new ResponseLineGate(limits)
    this.#parser = this.#createParser()
  }

  /** Whether any byte of an answer has come. */
  get started(): boolean {
    return this.#started
  }

  /** @throws CraftecError `http-malformed` | `limit-exceeded`; from then on always the same one */
  push(input: Uint8Array): ParsedPiece {
    if (input.length > 0) this.#started = true
    for (let at = 0; at < input.length && !this.#error; at += MAX_PIECE_BYTES) {
      this.#run(() => this.#parser.execute(input.subarray(at, at + MAX_PIECE_BYTES)))
    }
    if (this.#error) throw this.#error
    const piece: ParsedPiece = {
      body: this.#body,
      done: this.#done,
      surplus: this.#surplus,
      ...(this.#newHead ? { head: this.#newHead } : {})
    }
    this.#body = []
    this.#newHead = undefined
    return piece
  }

  /**
   * The peer ended its side. Only a body that runs until the end of the connection ends well this way.
   * @throws CraftecError `link-closed` before any byte, `http-malformed` inside the head, `body-truncated` inside the body
   */
  end(): void {
    if (this.#error) throw this.#error
    if (this.#done) return
    if (!this.#started) throw new CraftecError('link-closed', 'the target closed the connection without an answer')
    if (!this.#head)
      throw new CraftecError('http-malformed', 'the target closed the connection inside the head of its answer')
    if (this.#head.framing.kind !== 'until-close')
      throw new CraftecError(
        'body-truncated',
        'the target closed the connection before the end of the body it announced'
      )
    this.#run(() => this.#parser.finish())
  }

  #run(step: () => unknown): void {
    let outcome: unknown
    try {
      outcome = step()
    } catch (error) {
      outcome = error
    }
    if (outcome instanceof Error)
      this.#error = CraftecError.from(outcome, 'http-malformed', 'the answer is not valid HTTP')
  }

  #createParser(): ParserInside {
    const parser = new HTTPParser('RESPONSE') as unknown as ParserInside
    parser.consumeLine = () => this.#nextLine()
    parser[HTTPParser.kOnHeadersComplete] = () => this.#onHead()
    parser[HTTPParser.kOnBody] = (chunk: Uint8Array) => {
      this.#body.push(chunk)
    }
    parser[HTTPParser.kOnMessageComplete] = () => {
      if (this.#head) this.#done = true
      else this.#gate.nextMessage()
    }
    return parser
  }

  #nextLine(): string | undefined {
    const parser = this.#parser
    if (this.#done) {
      this.#surplus = true
      parser.offset = parser.chunk.length
      return undefined
    }
    const kind = LINE_KINDS[parser.state]
    if (kind === undefined) throw new CraftecError('internal', `the HTTP parser is in an unknown state ${parser.state}`)
    const taken = this.#gate.take(parser.chunk, parser.offset, kind)
    parser.offset = taken?.next ?? parser.chunk.length
    return taken?.line
  }

  /** @returns true to tell the parser that there is no body */
  #onHead(): boolean {
    const head = this.#readHead()
    if (head.status === 101)
      throw new CraftecError('http-malformed', 'the target switched protocols without being asked')
    if (head.status < 200) {
      if (++this.#interim > this.#limits.maxInterim)
        throw new CraftecError('limit-exceeded', `more than ${this.#limits.maxInterim} interim answers`)
      return true
    }
    this.#head = head
    this.#newHead = head
    return head.framing.kind === 'none'
  }

  #readHead(): ResponseHead {
    const { headers: flat, statusCode, statusMessage, versionMinor } = this.#parser.info
    const headers: [string, string][] = []
    for (let at = 0; at + 1 < flat.length; at += 2) headers.push([flat[at] ?? '', flat[at + 1] ?? ''])
    const framed: FramedHead = { version: versionMinor === 0 ? '1.0' : '1.1', status: statusCode, headers }
    const framing = responseFraming(this.#method, framed)
    return { ...framed, reason: statusMessage, framing, keepAlive: framing.kind !== 'until-close' && keepAlive(framed) }
  }
}

/** RFC 9112 §9.3. */
function keepAlive({ version, headers }: FramedHead): boolean {
  const tokens = headers
    .filter(([name]) => name.toLowerCase() === 'connection')
    .flatMap(([, value]) => value.toLowerCase().split(','))
    .map(token => token.trim())
  if (tokens.includes('close')) return false
  return version === '1.1' || tokens.includes('keep-alive')
}
