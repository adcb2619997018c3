/**
 * The shell around the handshake and the session: reads records from the transport, hands messages to the pure core,
 * does what it answers. One per connection; {@link connectTls} is its public face.
 */
import { withDeadline } from '../async/index.ts'
import { CraftecError } from '../errors/index.ts'
import { type AlertName, alertFor, decodeAlert, encodeAlert, receivedAlert, tlsError } from './alert.ts'
import type { CipherSuite } from './cipher-suite.ts'
import type { ClientOffer } from './client-offer.ts'
import { concat } from './concat.ts'
import {
  type AuthenticateServer,
  advanceHandshake,
  type EstablishedSession,
  type HandshakeEffect,
  type HandshakeState,
  startHandshake
} from './handshake.ts'
import { HandshakeReader } from './handshake-reader.ts'
import { nextTrafficSecret } from './key-schedule.ts'
import { frameHandshake } from './presentation.ts'
import { CONTENT_TYPE, HANDSHAKE_TYPE, MAX_PLAINTEXT_BYTES } from './protocol-numbers.ts'
import { RecordOpener, RecordSealer, recordHeader, type TlsContent } from './record-protection.ts'
import { RecordReader, type TlsRecord } from './record-reader.ts'
import { idle, onPostHandshake, type SessionState, startSession } from './session.ts'

export interface Transport {
  readonly readable: ReadableStream<Uint8Array>
  readonly writable: WritableStream<Uint8Array>
}

export interface HandshakeOptions {
  readonly authenticate: AuthenticateServer
  /** Our key is updated after so many records. */
  readonly recordsPerKey: number
}

/**
 * AES-GCM is good for 2^24.5 full records a key (§5.5); an update costs one short record, so a quarter of that.
 */
export const RECORDS_PER_KEY = 2 ** 22
/** How long the alert that ends a connection may take to leave. */
const CLOSE_TIMEOUT_MS = 2_000
/** ChangeCipherSpec records have no meaning; a server sends one or two. */
const MAX_CHANGE_CIPHER_SPECS = 4
/** The ClientHello says TLS 1.0, for servers that look (§5.1). */
const FIRST_RECORD_VERSION = 0x0301

interface Keyed<T> {
  readonly suite: CipherSuite
  readonly secret: Uint8Array
  readonly cipher: T
}

export class TlsConnection {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>
  #options: HandshakeOptions | undefined
  readonly #records = new RecordReader()
  readonly #messages = new HandshakeReader()
  #handshake: HandshakeState | undefined
  #session: SessionState | undefined
  #reading: Keyed<RecordOpener> | undefined
  #writing: Keyed<RecordSealer> | undefined
  #changeCipherSpecs = 0
  /** Everything sent goes through here one after the other: sealing is asynchronous, records are numbered. */
  #sending: Promise<void> = Promise.resolve()
  #keyUpdateOwed = false
  #failure: CraftecError | undefined
  #readEnded = false
  #writeEnded = false

  constructor(transport: Transport) {
    this.#reader = transport.readable.getReader()
    this.#writer = transport.writable.getWriter()
    // Failures are seen where something is awaited; these two would only repeat them.
    this.#reader.closed.catch(() => {})
    this.#writer.closed.catch(() => {})
  }

  /** @throws CraftecError what the handshake failed with; the transport is then closed, after the alert that says why */
  async handshake(offer: ClientOffer, options: HandshakeOptions): Promise<EstablishedSession> {
    this.#options = options
    try {
      const first = startHandshake(offer)
      this.#handshake = first.state
      await this.#apply(first.effects)
      for (;;) {
        const content = await this.#nextContent()
        if (content === undefined) throw truncated('during the handshake')
        const session = await this.#onHandshakeContent(content)
        if (session !== undefined) return session
      }
    } catch (error) {
      throw this.fail(error)
    }
  }

  /**
   * Application data as it comes, in the server's own pieces. Nothing is read ahead of the caller.
   * @returns `undefined` after close_notify
   * @throws CraftecError `tls-truncated` when the transport ends without it, `tls-protocol-violation`, `tls-failed`,
   *   `tls-handshake-failed`, or the transport's own error
   */
  async read(): Promise<Uint8Array | undefined> {
    try {
      for (;;) {
        if (this.#failure) throw this.#failure
        if (this.#readEnded) return undefined
        const content = await this.#nextContent()
        if (content === undefined) throw truncated('in the middle of the data')
        const data = await this.#onSessionContent(content)
        if (data !== undefined) return data
      }
    } catch (error) {
      // A read that was waiting when the caller cancelled: our half may go on.
      if (this.#readEnded && !this.#failure) return undefined
      throw this.fail(error)
    }
  }

  /** Resolves when the transport has taken the last record. @throws CraftecError what ended the connection */
  async write(data: Uint8Array): Promise<void> {
    for (let at = 0; at < data.length; at += MAX_PLAINTEXT_BYTES) {
      const piece = data.subarray(at, at + MAX_PLAINTEXT_BYTES)
      await this.#send(CONTENT_TYPE.applicationData, piece)
    }
  }

  /** Our half ends with close_notify (§6.1); the server may go on sending. */
  async endWriting(): Promise<void> {
    if (this.#writeEnded) return
    await this.#send(CONTENT_TYPE.alert, encodeAlert('close_notify'))
    this.#writeEnded = true
    this.#wipeWriting()
    await this.#writer.close().catch(() => {})
    await this.#releaseReader()
  }

  /** The caller wants no more data. */
  async cancel(reason: unknown): Promise<void> {
    this.#readEnded = true
    await this.#reader.cancel(reason).catch(() => {})
    this.#wipeReading()
  }

  /** End both directions, once, with an alert that names `error` if nobody has ended the writing yet. @returns what callers see */
  fail(error: unknown): CraftecError {
    if (this.#failure) return this.#failure
    const failure = CraftecError.from(error, 'link-closed')
    this.#failure = failure
    // Nobody is told who has just said it, or who is gone.
    const silent = failure.details.alertFrom === 'server' || failure.code === 'tls-truncated'
    const ending = silent ? undefined : this.#sendAlert(alertFor(failure))
    void this.#closeWriting(failure, ending)
    void this.#reader.cancel(failure).catch(() => {})
    this.#wipeReading()
    return failure
  }

  /** Aborting at once would drop the alert; waiting for a transport that takes nothing would never end. */
  async #closeWriting(failure: CraftecError, ending: Promise<void> | undefined): Promise<void> {
    try {
      await withDeadline({ timeoutMs: CLOSE_TIMEOUT_MS, what: 'last alert' }, async () => {
        await ending
        if (!this.#writeEnded) await this.#writer.close()
      })
    } catch {
      await this.#writer.abort(failure).catch(() => {})
    }
    this.#writeEnded = true
    this.#wipeWriting()
  }

  async #nextContent(): Promise<TlsContent | undefined> {
    for (;;) {
      // Whoever failed or cancelled has wiped the keys: what is still buffered means nothing without them.
      if (this.#failure) throw this.#failure
      const record = this.#records.next()
      if (record === undefined) {
        const { done, value } = await this.#reader.read()
        if (done) return undefined
        this.#records.push(value)
      } else if (record.type === CONTENT_TYPE.changeCipherSpec) {
        this.#onChangeCipherSpec(record)
      } else {
        return this.#open(record)
      }
    }
  }

  async #open({ type, header, body }: TlsRecord): Promise<TlsContent> {
    if (this.#readEnded) throw new CraftecError('aborted', 'the reader was cancelled')
    if (this.#reading) {
      if (type !== CONTENT_TYPE.applicationData) throw tlsError('unexpected_message', 'a record that is not protected')
      return this.#reading.cipher.open(header, body)
    }
    if (type === CONTENT_TYPE.applicationData) throw tlsError('unexpected_message', 'data before the handshake')
    if (body.length > MAX_PLAINTEXT_BYTES) throw tlsError('record_overflow', `a record of ${body.length} bytes`)
    return { type, content: body }
  }

  /** §5: dropped where a middlebox may want it, between the first ClientHello and the server's Finished. */
  #onChangeCipherSpec({ body }: TlsRecord): void {
    if (this.#session !== undefined || body.length !== 1 || body[0] !== 1 || !this.#messages.atBoundary)
      throw tlsError('unexpected_message', 'a ChangeCipherSpec where none may stand')
    if (++this.#changeCipherSpecs > MAX_CHANGE_CIPHER_SPECS)
      throw tlsError('unexpected_message', `more than ${MAX_CHANGE_CIPHER_SPECS} ChangeCipherSpec records`)
  }

  async #onHandshakeContent({ type, content }: TlsContent): Promise<EstablishedSession | undefined> {
    if (type === CONTENT_TYPE.alert) {
      const alert = decodeAlert(content)
      throw alert === 'close_notify' ? truncated('during the handshake') : receivedAlert(alert, true)
    }
    // This is what keeps data from being believed before Finished.
    if (type !== CONTENT_TYPE.handshake) throw tlsError('unexpected_message', `content ${type} during the handshake`)
    this.#messages.push(content)
    for (let message = this.#messages.next(); message; message = this.#messages.next()) {
      if (this.#handshake === undefined || this.#options === undefined)
        throw new CraftecError('internal', 'a handshake that was not started')
      const { state, effects } = await advanceHandshake(this.#handshake, message, this.#options.authenticate)
      // A deadline may have passed meanwhile, and its alert gone out: nothing may follow it.
      if (this.#failure) throw this.#failure
      this.#handshake = state
      await this.#apply(effects)
      if (state.at === 'connected') {
        this.#handshake = undefined
        this.#session = startSession()
        return state.session
      }
    }
    return undefined
  }

  async #apply(effects: readonly HandshakeEffect[]): Promise<void> {
    for (const effect of effects) {
      if (effect.kind === 'read-with') {
        if (!this.#messages.atBoundary) throw tlsError('unexpected_message', 'a message across a change of keys')
        this.#wipeReading()
        this.#reading = { ...effect, cipher: await RecordOpener.create(effect.suite, effect.secret) }
      } else if (effect.kind === 'write-with') {
        this.#queue(() => this.#writeWith(effect.suite, effect.secret))
      } else if (effect.kind === 'send') {
        this.#queue(() => this.#put(CONTENT_TYPE.handshake, effect.message))
      } else {
        this.#queue(() => this.#writer.write(concat(recordHeader(CONTENT_TYPE.changeCipherSpec, 1), Uint8Array.of(1))))
      }
    }
  }

  async #onSessionContent({ type, content }: TlsContent): Promise<Uint8Array | undefined> {
    if (this.#session === undefined) throw new CraftecError('internal', 'data before the handshake is over')
    if (type === CONTENT_TYPE.alert) {
      const alert = decodeAlert(content)
      if (alert === 'user_canceled') {
        // §6.1: close_notify follows, or the end that tells of a cut.
        this.#session = idle(this.#session)
        return undefined
      }
      if (alert !== 'close_notify') throw receivedAlert(alert, !this.#session.dataSeen)
      this.#readEnded = true
      this.#wipeReading()
      await this.#releaseReader()
      return undefined
    }
    const step = onPostHandshake(this.#session, type, content, this.#messages)
    this.#session = step.state
    for (const effect of step.effects) {
      if (effect === 'update-read') await this.#updateReading()
      else this.#answerKeyUpdate()
    }
    return step.data
  }

  async #updateReading(): Promise<void> {
    if (!this.#reading) throw new CraftecError('internal', 'no key to update')
    const { suite, secret, cipher } = this.#reading
    cipher.wipe()
    const next = nextTrafficSecret(suite, secret)
    this.#reading = { suite, secret: next, cipher: await RecordOpener.create(suite, next) }
  }

  /**
   * §4.6.3: however many requests come while an answer waits, one answer will do. It is not awaited: a server that does not
   * read what it asked for must not keep us from reading.
   */
  #answerKeyUpdate(): void {
    if (this.#keyUpdateOwed || this.#writeEnded) return
    this.#keyUpdateOwed = true
    this.#queue(async () => {
      this.#keyUpdateOwed = false
      await this.#updateWriting()
    })
  }

  async #updateWriting(): Promise<void> {
    if (!this.#writing || this.#writeEnded) return
    await this.#put(CONTENT_TYPE.handshake, frameHandshake(HANDSHAKE_TYPE.keyUpdate, Uint8Array.of(0)))
    const { suite, secret } = this.#writing
    await this.#writeWith(suite, nextTrafficSecret(suite, secret))
  }

  async #writeWith(suite: CipherSuite, secret: Uint8Array): Promise<void> {
    const previous = this.#writing
    this.#writing = { suite, secret, cipher: await RecordSealer.create(suite, secret) }
    previous?.cipher.wipe()
    previous?.secret.fill(0)
  }

  async #send(type: number, content: Uint8Array): Promise<void> {
    if (this.#failure) throw this.#failure
    await this.#queue(async () => {
      const { recordsPerKey = RECORDS_PER_KEY } = this.#options ?? {}
      if (this.#writing && this.#writing.cipher.records >= recordsPerKey) await this.#updateWriting()
      await this.#put(type, content)
    })
  }

  /** Only from inside {@link #queue}. */
  async #put(type: number, content: Uint8Array): Promise<void> {
    // The key has been wiped: sealing with what is left of it must be impossible, not merely unlikely.
    if (this.#writeEnded) throw new CraftecError('link-closed', 'this direction has ended')
    const record = this.#writing
      ? await this.#writing.cipher.seal(type, content)
      : concat(recordHeader(type, content.length, FIRST_RECORD_VERSION), content)
    await this.#writer.ready
    await this.#writer.write(record)
  }

  #queue(task: () => Promise<void>): Promise<void> {
    const done = this.#sending.then(task)
    this.#sending = done.catch(error => {
      this.fail(error)
    })
    return done
  }

  #sendAlert(alert: AlertName): Promise<void> {
    return this.#writeEnded ? Promise.resolve() : this.#queue(() => this.#put(CONTENT_TYPE.alert, encodeAlert(alert)))
  }

  async #releaseReader(): Promise<void> {
    if (this.#readEnded && this.#writeEnded) await this.#reader.cancel().catch(() => {})
  }

  #wipeWriting(): void {
    this.#writing?.cipher.wipe()
    this.#writing?.secret.fill(0)
  }

  #wipeReading(): void {
    this.#reading?.cipher.wipe()
    this.#reading?.secret.fill(0)
    this.#reading = undefined
  }
}

function truncated(where: string): CraftecError {
  return new CraftecError('tls-truncated', `the connection ended ${where}, without close_notify`)
}
