/**
 * Mutated server flights. One honest conversation is prepared; every case replays it to a fresh client with things wrong,
 * chosen by (seed, number of the case), on the wire or inside the protected messages, and judges what the client made of it.
 */
import { systemRandom } from '../../sdk/async/index.ts'
import { CraftecError } from '../../sdk/errors/index.ts'
import { type ClientOffer, createOffer } from '../../sdk/tls/client-offer.ts'
import { type HandshakeOptions, TlsConnection } from '../../sdk/tls/tls-connection.ts'
import { parseServerName } from '../../sdk/tls/x509/server-name.ts'
import { readTrustAnchors } from '../../sdk/tls/x509/trust-anchor.ts'
import { validateChain } from '../../sdk/tls/x509/validate-chain.ts'
import { makeLeaf, makeRoot, testKey } from '../kit/certificate-maker.ts'
import { duplexPair } from '../kit/duplex-pair.ts'
import { handshake, record, ScriptedTlsServer, u8, vector8, vector16 } from '../kit/scripted-tls-server.ts'

const DATA = Buffer.from('what the server really says')
const CASE_TIMEOUT_MS = 10_000
const HANDSHAKE = 22
const MAX_CUT_BYTES = 64
/** What a field that holds a length, a type or a count is most likely to trip over. */
const INTERESTING = [0, 1, 2, 3, 4, 8, 11, 15, 16, 20, 22, 23, 24, 32, 0x7f, 0x80, 0xfe, 0xff]

export type Verdict =
  | { readonly kind: 'refused'; readonly code: string }
  /** The mutations undid each other, or touched only what is to be ignored. */
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'wrong'; readonly what: string }

export interface FlightFuzzer {
  run(seed: number, caseNumber: number): Promise<Verdict>
}

type Random = (below: number) => number

export async function createFlightFuzzer(): Promise<FlightFuzzer> {
  const root = makeRoot('Fuzz Root')
  const anchors = readTrustAnchors([root.der])
  const serverName = parseServerName('localhost')
  const now = Date.now()
  const offer = await createOffer({ sniName: 'localhost', alpn: ['h2'], random: systemRandom })

  const [ours, theirs] = duplexPair(4)
  const server = new ScriptedTlsServer(theirs, [makeLeaf(root).der], testKey('P-256', 'leaf').privateKey)
  await ours.writable.getWriter().write(new Uint8Array(record(HANDSHAKE, Buffer.from(offer.message))))
  await server.readHello()
  const hello = server.serverHello()
  server.transcript.push(hello)
  const helloTranscript = [...server.transcript]
  server.useHandshakeKeys()
  const flight: Buffer[] = []
  for (const make of [
    () => server.encryptedExtensions(),
    () => server.certificate(),
    () => server.certificateVerify(),
    () => server.finished()
  ]) {
    const message = make()
    flight.push(message)
    server.transcript.push(message)
  }
  const wholeTranscript = [...server.transcript]
  const ticket = handshake(4, Buffer.concat([Buffer.alloc(8), vector8(u8(1)), vector16(Buffer.alloc(40)), vector16()]))

  /** `messages` under the keys of the handshake, cut into records as `random` has it. */
  const protect = (messages: readonly Buffer[], random?: Random): Buffer => {
    server.transcript = [...helloTranscript]
    server.useHandshakeKeys()
    const content = Buffer.concat(messages)
    const records: Buffer[] = []
    for (let at = 0; at < content.length; ) {
      const size = random ? 1 + random(content.length) : content.length
      records.push(server.sealed(HANDSHAKE, content.subarray(at, at + size), random?.(3) === 0 ? random(40) : 0))
      at += size
    }
    return Buffer.concat(records)
  }
  /** After the handshake. @param messages in handshake records before the data */
  const session = (...messages: Buffer[]): Buffer => {
    server.transcript = [...wholeTranscript]
    server.useApplicationKeys()
    return Buffer.concat([
      ...messages.filter(message => message.length > 0).map(message => server.sealed(HANDSHAKE, message)),
      server.sealed(23, DATA),
      server.sealed(21, Buffer.from([1, 0]))
    ])
  }
  const clearHello = record(HANDSHAKE, hello)
  const honestHandshake = Buffer.concat([clearHello, protect(flight)])
  const honest = Buffer.concat([honestHandshake, session(ticket)])
  const authenticate = (chain: readonly Uint8Array[]) => validateChain(chain, { serverName, now, anchors })

  async function converse(wire: Buffer): Promise<Run> {
    return withWatchdog(talk(wire, offer, { authenticate, recordsPerKey: 1000 }))
  }

  const first = await converse(honest)
  if (first.error !== undefined || first.data !== DATA.toString('latin1'))
    throw new Error('the honest flight is refused', { cause: first.error })

  return {
    async run(seed, caseNumber) {
      const random = seededRandom(seed, caseNumber)
      const kind = random(10)
      if (kind < 3) {
        const wire = mutateTimes(honest, random)
        return judge(await converse(wire), {
          handshakeIntact: startsWith(wire, honestHandshake),
          intact: startsWith(wire, honest)
        })
      }
      if (kind < 9) {
        const messages = mutateMessages([hello, ...flight], random)
        const [mutatedHello = Buffer.alloc(0), ...rest] = messages
        const intact = Buffer.concat(messages).equals(Buffer.concat([hello, ...flight]))
        const clear = mutatedHello.length > 0 ? record(HANDSHAKE, mutatedHello) : Buffer.alloc(0)
        const wire = Buffer.concat([clear, protect(rest, random), session()])
        // Where the hello ended, keys change: moving that border is a change too, even if no byte moved.
        const same = intact && mutatedHello.equals(hello)
        return judge(await converse(wire), { handshakeIntact: same, intact: same })
      }
      // A mutated ticket may still be a ticket: then the data follows, and nothing else.
      const run = await converse(Buffer.concat([honestHandshake, session(mutateTimes(ticket, random))]))
      return judge(run, { handshakeIntact: true, intact: true })
    }
  }
}

interface Run {
  readonly connected: boolean
  readonly data: string
  readonly error: unknown
}

async function talk(wire: Buffer, offer: ClientOffer, options: HandshakeOptions): Promise<Run> {
  const connection = new TlsConnection(replaying(wire))
  let connected = false
  let data = ''
  try {
    await connection.handshake(offer, options)
    connected = true
    for (let piece = await connection.read(); piece; piece = await connection.read())
      data += Buffer.from(piece).toString('latin1')
    await connection.endWriting()
    return { connected, data, error: undefined }
  } catch (error) {
    return { connected, data, error }
  }
}

async function withWatchdog(run: Promise<Run>): Promise<Run> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<Run>(resolve => {
    timer = setTimeout(() => resolve({ connected: false, data: '', error: new Error('hangs') }), CASE_TIMEOUT_MS)
  })
  try {
    return await Promise.race([run, late])
  } finally {
    clearTimeout(timer)
  }
}

function judge(run: Run, what: { readonly handshakeIntact: boolean; readonly intact: boolean }): Verdict {
  const { connected, data, error } = run
  if (error !== undefined && !(error instanceof CraftecError && error.code.startsWith('tls-')))
    return { kind: 'wrong', what: `an error of the wrong kind: ${error instanceof Error ? error.stack : error}` }
  if (connected && !what.handshakeIntact) return { kind: 'wrong', what: 'a mutated handshake was accepted' }
  if (!DATA.toString('latin1').startsWith(data)) return { kind: 'wrong', what: 'data the server never sent' }
  if (error instanceof CraftecError) return { kind: 'refused', code: error.code }
  return what.intact ? { kind: 'unchanged' } : { kind: 'wrong', what: 'a mutated session ended well' }
}

/** Of a record in the clear, the minor version is to be ignored (RFC 8446 §5.1). */
function startsWith(wire: Buffer, prefix: Buffer): boolean {
  const masked = Buffer.from(wire)
  if (masked.length > 2) masked[2] = 3
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

function mutateMessages(messages: readonly Buffer[], random: Random): Buffer[] {
  const list = [...messages]
  for (let left = 1 + random(2); left > 0; left--) {
    const at = random(list.length)
    const message = list[at] ?? Buffer.alloc(0)
    const how = random(10)
    if (how === 0) list.splice(at, 1)
    else if (how === 1) list.splice(at, 0, message)
    else if (how === 2) list.push(...list.splice(at, 1))
    else if (how === 3 && message.length > 4) list[at] = handshake(message[0] ?? 0, mutate(message.subarray(4), random))
    else list[at] = mutateTimes(message, random)
  }
  return list
}

function mutateTimes(bytes: Buffer, random: Random): Buffer {
  let mutated = bytes
  for (let left = 1 + random(4); left > 0; left--) mutated = mutate(mutated, random)
  return mutated
}

function mutate(bytes: Buffer, random: Random): Buffer {
  if (bytes.length === 0) return Buffer.from([random(256)])
  const at = random(bytes.length)
  const end = Math.min(bytes.length, at + 1 + random(MAX_CUT_BYTES))
  const copy = Buffer.from(bytes)
  switch (random(7)) {
    case 0:
      copy[at] = (copy[at] ?? 0) ^ (1 << random(8))
      return copy
    case 1:
      copy[at] = INTERESTING[random(INTERESTING.length)] ?? 0
      return copy
    case 2:
      copy[at] = random(256)
      return copy
    case 3:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(end)])
    case 4:
      return Buffer.concat([bytes.subarray(0, end), bytes.subarray(at)])
    case 5:
      return Buffer.concat([bytes.subarray(0, at), Buffer.alloc(1 + random(20), random(256)), bytes.subarray(at)])
    default:
      return bytes.subarray(0, at)
  }
}

/** splitmix32 over both numbers: small, replayable, good enough to choose mutations. */
function seededRandom(seed: number, caseNumber: number): Random {
  let state = (Math.imul(seed, 0x9e3779b1) ^ Math.imul(caseNumber + 1, 0x85ebca6b)) >>> 0
  return below => {
    state = (state + 0x9e3779b9) >>> 0
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad)
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97)
    return ((mixed ^ (mixed >>> 15)) >>> 0) % below
  }
}
