/**
 * Mutated server flights. Recorded sessions are replayed to a fresh client with things wrong, chosen by (seed, number of the
 * case), on the wire or inside the protected messages; then what the client made of it is judged. A case is the same bytes
 * on every machine.
 */
import { CraftecError } from '../../sdk/errors/index.ts'
import { type ClientOffer, createOffer } from '../../sdk/tls/client-offer.ts'
import { TlsConnection } from '../../sdk/tls/tls-connection.ts'
import { parseServerName } from '../../sdk/tls/x509/server-name.ts'
import { readTrustAnchors } from '../../sdk/tls/x509/trust-anchor.ts'
import { validateChain } from '../../sdk/tls/x509/validate-chain.ts'
import { handshake, record, u8 } from '../kit/scripted-tls-server.ts'
import { intrusion, mutateCertificate, mutateMessages, mutateTimes, type Random, seededRandom } from './mutation.ts'
import { RecordCipher } from './record-cipher.ts'
import { type RecordedSession, readSessions } from './recorded-session.ts'
import { createSynchronousSubtle, withFixedKeys } from './synchronous-subtle.ts'

const DATA = Buffer.from('what the server really says')
const TYPE = { changeCipherSpec: 20, alert: 21, handshake: 22, applicationData: 23 } as const
const CLOSE_NOTIFY = Buffer.from([1, 0])
/** One that asks for ours in return, so that its answer is run as well. */
const KEY_UPDATE = handshake(24, u8(1))
const RECORDS_PER_KEY = 1000

export type Verdict =
  | { readonly kind: 'refused'; readonly code: string }
  /** The mutations undid each other, or touched only what is to be ignored. */
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'wrong'; readonly what: string }

export interface FlightFuzzer {
  run(seed: number, caseNumber: number): Promise<Verdict>
  /** Give this process its own WebCrypto back. */
  [Symbol.dispose](): void
}

export interface FuzzerOptions {
  /**
   * `synchronous`: node:crypto, which shows the same behaviour some ten times sooner. `webcrypto`: what users run.
   * Default: `synchronous`.
   */
  readonly crypto?: 'synchronous' | 'webcrypto'
}

interface Flight {
  readonly wire: Buffer
  /** The client may believe that the handshake was the server's. */
  readonly handshakeIntact: boolean
  /** The session may end well. */
  readonly intact: boolean
}

/** While it is not disposed of, it stands in the place of this process' `crypto.subtle`. */
export async function createFlightFuzzer({
  crypto: engine = 'synchronous'
}: FuzzerOptions = {}): Promise<FlightFuzzer> {
  Reflect.deleteProperty(crypto, 'subtle') // what another fuzzer may have put there
  const own = crypto.subtle
  const targets: Target[] = []
  const use = (session: RecordedSession): void => {
    const { clientKeys } = session
    const value = engine === 'synchronous' ? createSynchronousSubtle(clientKeys) : withFixedKeys(own, clientKeys)
    Object.defineProperty(crypto, 'subtle', { value, configurable: true })
  }
  for (const session of readSessions()) {
    use(session)
    const target = new Target(session, crypto.subtle, await sameOffer(session))
    await target.proveHonest()
    targets.push(target)
  }
  return {
    async run(seed, caseNumber) {
      const random = seededRandom(seed, caseNumber)
      const target = targets[random(targets.length)]
      if (target === undefined) throw new Error('no session was recorded')
      Object.defineProperty(crypto, 'subtle', { value: target.subtle, configurable: true })
      const flight = target.mutated(random)
      return judge(await target.converse(flight.wire), flight)
    },
    [Symbol.dispose]: () => void Reflect.deleteProperty(crypto, 'subtle')
  }
}

/** The ClientHello of the recording, made again from the same random bytes and keys. */
async function sameOffer({ alpn, clientRandom }: RecordedSession): Promise<ClientOffer> {
  let at = 0
  return createOffer({
    sniName: 'localhost',
    alpn,
    random: length => {
      at += length
      return new Uint8Array(clientRandom.subarray(at - length, at))
    }
  })
}

class Target {
  readonly subtle: SubtleCrypto
  readonly #session: RecordedSession
  readonly #offer: ClientOffer
  readonly #handshakeCipher: RecordCipher
  readonly #dataCiphers: readonly [RecordCipher, RecordCipher]
  readonly #clear: Buffer
  readonly #honestHandshake: Buffer
  readonly #honest: Buffer
  readonly #authenticate: (chain: readonly Uint8Array[]) => ReturnType<typeof validateChain>

  constructor(session: RecordedSession, subtle: SubtleCrypto, offer: ClientOffer) {
    const { suite, hellos, flight, tickets, now, root } = session
    this.subtle = subtle
    this.#session = session
    this.#offer = offer
    this.#handshakeCipher = new RecordCipher(suite, session.handshakeSecret)
    const data = new RecordCipher(suite, session.applicationSecret)
    this.#dataCiphers = [data, data.next()]
    this.#clear = Buffer.concat(hellos.map(hello => record(TYPE.handshake, hello)))
    this.#honestHandshake = Buffer.concat([this.#clear, this.#protect(flight)])
    this.#honest = Buffer.concat([this.#honestHandshake, this.#data([...tickets, KEY_UPDATE])])
    const anchors = readTrustAnchors([root])
    const serverName = parseServerName('localhost')
    this.#authenticate = chain => validateChain(chain, { serverName, now, anchors })
  }

  /** @throws Error when the recording no longer is what this client and OpenSSL would say to each other */
  async proveHonest(): Promise<void> {
    const { error, data } = await this.converse(this.#honest)
    if (error === undefined && data === DATA.toString('latin1')) return
    const why = `${this.#session.name}: refused; has the ClientHello changed? Then: node test/vectors/make-tls-sessions.ts`
    throw new Error(why, { cause: error })
  }

  mutated(random: Random): Flight {
    const kind = random(10)
    if (kind < 2) {
      const wire = mutateTimes(this.#honest, random)
      const clear = this.#session.hellos.map(({ length }) => 5 + length)
      const handshakeIntact = startsWith(wire, this.#honestHandshake, clear)
      return { wire, handshakeIntact, intact: startsWith(wire, this.#honest, clear) }
    }
    const { hellos, flight, tickets } = this.#session
    if (kind < 8) {
      const before = [...hellos, ...flight]
      const mutated = kind < 5 ? mutateMessages(before, random) : mutateCertificate(before, random)
      const after = mutated.filter(message => message.length > 0)
      // Keys change where the hellos end: moving that border is a change too, even if no byte moved.
      const clear = Buffer.concat(after.slice(0, hellos.length).map(message => record(TYPE.handshake, message)))
      const rest = after.slice(hellos.length)
      const wire = Buffer.concat([clear, this.#protect(rest, random), this.#data([])])
      // What comes behind Finished is no part of the handshake, and must not pass for data either.
      const [sent, honest] = [Buffer.concat(rest), Buffer.concat(flight)]
      const handshakeIntact = clear.equals(this.#clear) && sent.subarray(0, honest.length).equals(honest)
      return { wire, handshakeIntact, intact: handshakeIntact && sent.length === honest.length }
    }
    if (kind === 8) return this.#intruded(random)
    // A mutated ticket may still be a ticket: then the data follows, and nothing else.
    const later = mutateMessages([...tickets, KEY_UPDATE], random).filter(message => message.length > 0)
    return { wire: Buffer.concat([this.#honestHandshake, this.#data(later)]), handshakeIntact: true, intact: true }
  }

  /** @returns what the client did with the bytes of a server that then closes */
  async converse(wire: Buffer): Promise<Run> {
    const connection = new TlsConnection(replaying(wire))
    let connected = false
    let data = ''
    try {
      await connection.handshake(this.#offer, { authenticate: this.#authenticate, recordsPerKey: RECORDS_PER_KEY })
      connected = true
      for (let piece = await connection.read(); piece; piece = await connection.read())
        data += Buffer.from(piece).toString('latin1')
      await connection.endWriting()
      return { connected, data, error: undefined }
    } catch (error) {
      return { connected, data, error }
    }
  }

  /** An honest session with a record in it that nobody asked for, in the clear or under the keys in force. */
  #intruded(random: Random): Flight {
    const { hellos, flight } = this.#session
    const messages = [...hellos, ...flight]
    const at = random(messages.length + 1)
    const { type, content } = intrusion(random)
    const sealed = random(4) > 0
    const handshake = this.#handshakeCipher.restart()
    const records: Buffer[] = []
    for (const [index, message] of messages.entries()) {
      const inClear = index < hellos.length
      if (index === at) records.push(inClear || !sealed ? record(type, content) : handshake.seal(type, content))
      records.push(inClear ? record(TYPE.handshake, message) : handshake.seal(TYPE.handshake, message))
    }
    if (at < messages.length) {
      // Dropped for the sake of middleboxes (RFC 8446 §5); everything else ends the handshake.
      const harmless = type === TYPE.changeCipherSpec && content.equals(u8(1)) && (at < hellos.length || !sealed)
      const wire = Buffer.concat([...records, this.#data([])])
      return { wire, handshakeIntact: harmless, intact: harmless }
    }
    // Alone before the data; some may stand there (user_canceled, a KeyUpdate without its new key may not), none brings data.
    const data = this.#dataCiphers[0].restart()
    const stray = sealed ? data.seal(type, content) : record(type, content)
    const rest = [data.seal(TYPE.applicationData, DATA), data.seal(TYPE.alert, CLOSE_NOTIFY)]
    return { wire: Buffer.concat([...records, stray, ...rest]), handshakeIntact: true, intact: true }
  }

  /** Under the keys of the handshake, cut into records as `random` has it. */
  #protect(messages: readonly Buffer[], random?: Random): Buffer {
    const cipher = this.#handshakeCipher.restart()
    const content = Buffer.concat(messages)
    const records: Buffer[] = []
    for (let at = 0; at < content.length; ) {
      // At most a handful of records: what is behind the third is cut no further.
      const size = random && records.length < 3 ? 1 + random(content.length) : content.length
      records.push(cipher.seal(TYPE.handshake, content.subarray(at, at + size), random?.(3) === 0 ? random(40) : 0))
      at += size
    }
    return Buffer.concat(records)
  }

  /** @param messages each in a record, before the data; after a KeyUpdate keys change */
  #data(messages: readonly Buffer[]): Buffer {
    let cipher = this.#dataCiphers[0].restart()
    const records = messages.map(message => {
      const sealed = cipher.seal(TYPE.handshake, message)
      if (message.equals(KEY_UPDATE))
        cipher = cipher === this.#dataCiphers[0] ? this.#dataCiphers[1].restart() : cipher.next()
      return sealed
    })
    return Buffer.concat([...records, cipher.seal(TYPE.applicationData, DATA), cipher.seal(TYPE.alert, CLOSE_NOTIFY)])
  }
}

interface Run {
  readonly connected: boolean
  readonly data: string
  readonly error: unknown
}

function judge({ connected, data, error }: Run, flight: Flight): Verdict {
  if (error !== undefined && !(error instanceof CraftecError && error.code.startsWith('tls-')))
    return { kind: 'wrong', what: `an error of the wrong kind: ${error instanceof Error ? error.stack : error}` }
  if (connected && !flight.handshakeIntact) return { kind: 'wrong', what: 'a mutated handshake was accepted' }
  if (!DATA.toString('latin1').startsWith(data)) return { kind: 'wrong', what: 'data the server never sent' }
  if (error instanceof CraftecError) return { kind: 'refused', code: error.code }
  if (data.length !== DATA.length) return { kind: 'wrong', what: 'data was lost, and the session ended well' }
  return flight.intact ? { kind: 'unchanged' } : { kind: 'wrong', what: 'a mutated session ended well' }
}

/** Of records in the clear, the minor version is to be ignored (RFC 8446 §5.1). @param clear their lengths, from the start on */
function startsWith(wire: Buffer, prefix: Buffer, clear: readonly number[]): boolean {
  const masked = Buffer.from(wire)
  let at = 0
  for (const length of clear) {
    if (at + 2 < masked.length) masked[at + 2] = 3
    at += length
  }
  return masked.subarray(0, prefix.length).equals(prefix)
}

function replaying(wire: Buffer): ConstructorParameters<typeof TlsConnection>[0] {
  const readable = new ReadableStream<Uint8Array>({
    start(controller) {
      if (wire.length > 0) controller.enqueue(new Uint8Array(wire))
      controller.close()
    }
  })
  return { readable, writable: new WritableStream() }
}
