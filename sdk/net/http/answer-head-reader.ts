import { CraftecError } from '../../errors/index.ts'
import { HTTP_LIMITS, type HttpLimits } from './limits.ts'
import { ResponseLineGate } from './response-line-gate.ts'

export interface AnswerHead {
  readonly status: number
  /** Name and value pairs in the order received, names as sent. */
  readonly headers: readonly (readonly [string, string])[]
}

/**
 * Reads the head of one HTTP/1.1 answer and not a byte more, for protocols that HTTP hands over to (RFC 9110 §7.8). The lines pass the
 * same strict gate as those of any answer. Interim answers before it are skipped; 101 is no interim here.
 */
export class AnswerHeadReader {
  readonly #limits: HttpLimits
  readonly #gate: ResponseLineGate
  #status: number | undefined
  #headers: [string, string][] = []
  #interim = 0

  constructor(limits: HttpLimits = HTTP_LIMITS) {
    this.#limits = limits
    this.#gate = new ResponseLineGate(limits)
  }

  /**
   * @returns the head, and what came after it; `undefined` while it is not complete
   * @throws CraftecError `http-malformed` | `limit-exceeded`
   */
  push(input: Uint8Array): { readonly head: AnswerHead; readonly rest: Uint8Array } | undefined {
    let at = 0
    while (at < input.length) {
      const taken = this.#gate.take(input, at, this.#status === undefined ? 'status' : 'header')
      if (taken === undefined) return undefined
      at = taken.next
      const head = this.#onLine(taken.line)
      if (head !== undefined) return { head, rest: input.subarray(at) }
    }
    return undefined
  }

  #onLine(line: string): AnswerHead | undefined {
    if (this.#status === undefined) {
      this.#status = Number(line.slice('HTTP/1.x '.length, 'HTTP/1.x 100'.length))
      return undefined
    }
    if (line !== '') {
      const colon = line.indexOf(':')
      this.#headers.push([line.slice(0, colon), line.slice(colon + 1).trim()])
      return undefined
    }
    const head = { status: this.#status, headers: this.#headers }
    if (head.status >= 200 || head.status === 101) return head
    if (++this.#interim > this.#limits.maxInterim)
      throw new CraftecError('limit-exceeded', `more than ${this.#limits.maxInterim} interim answers`)
    this.#status = undefined
    this.#headers = []
    this.#gate.nextMessage()
    return undefined
  }
}
