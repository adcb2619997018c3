/**
 * The exit: TCP to what the policy allows.
 *
 * A name is resolved once, each address is judged, and the socket gets the judged addresses through Node's `lookup` hook, never the name:
 * a DNS server that answers differently a moment later (rebinding) is not asked again. Several addresses are tried in Node's
 * happy-eyeballs order (RFC 8305).
 */
import { connect as connectSocket, type LookupFunction, type Socket } from 'node:net'
import { type Clock, systemClock, withDeadline } from '../../sdk/async/index.ts'
import { CraftecError, type ErrorCode } from '../../sdk/errors/index.ts'
import type { ByteDuplex, ExitBackend } from '../../sdk/net/index.ts'
import { ByteRate } from './byte-rate.ts'
import type { ExitPolicy } from './exit-policy.ts'
import { type IpAddress, parseIpAddress } from './ip-address.ts'
import { KeyedLimit } from './keyed-limit.ts'
import { EMPTY_BLOCKLIST, type NameBlocklist } from './name-blocklist.ts'
import type { NameResolver } from './name-resolver.ts'
import { socketDuplex } from './socket-duplex.ts'
import { parseTargetHost, type TargetHost } from './target-host.ts'

export interface TcpExitLimits {
  /** Open and opening connections, all circuits together. What one circuit may have is the relay core's `maxStreamsPerCircuit`. */
  readonly connections: number
  /** Open and opening connections to one address. */
  readonly connectionsPerAddress: number
  readonly resolveTimeoutMs: number
  readonly connectTimeoutMs: number
  /** A connection that carries nothing in either direction for so long is ended. */
  readonly idleTimeoutMs: number
  /** Bytes a second to and from all targets together; 0 is no limit. */
  readonly bytesPerSecond: number
}

export const DEFAULT_TCP_EXIT_LIMITS: TcpExitLimits = {
  connections: 4096,
  connectionsPerAddress: 256,
  resolveTimeoutMs: 6_000, // two tries of the resolver, 2.5 s each
  connectTimeoutMs: 10_000,
  idleTimeoutMs: 300_000,
  bytesPerSecond: 0
}

export interface TcpExitOptions {
  readonly policy: ExitPolicy
  readonly resolve: NameResolver
  readonly blocklist?: NameBlocklist
  readonly limits?: Partial<TcpExitLimits>
  readonly clock?: Clock
}

export interface TcpExitStats {
  readonly open: number
  readonly connected: number
  readonly bytesToTargets: number
  readonly bytesFromTargets: number
  readonly refused: Readonly<Partial<Record<ErrorCode, number>>>
}

export interface TcpExit extends ExitBackend {
  /**
   * @throws CraftecError `exit-refused` | `name-not-resolved` | `connect-failed` | `timeout` | `limit-exceeded` | `aborted`
   */
  connect(target: { host: string; port: number }, options: { signal: AbortSignal }): Promise<ByteDuplex>
  /** Counters since the start; nothing in them names a target. */
  stats(): TcpExitStats
  /** End every connection at once. */
  stop(): void
}

const MAX_ADDRESSES_TRIED = 6
const HAPPY_EYEBALLS_DELAY_MS = 300 // RFC 8305 §5 recommends 250 ms; Node gives up an attempt at this age, so a little more

export function createTcpExit(options: TcpExitOptions): TcpExit {
  const { policy, resolve, blocklist = EMPTY_BLOCKLIST, clock = systemClock } = options
  const limits = { ...DEFAULT_TCP_EXIT_LIMITS, ...options.limits }
  const total = new KeyedLimit(limits.connections)
  const perAddress = new KeyedLimit(limits.connectionsPerAddress)
  const rate = limits.bytesPerSecond > 0 ? new ByteRate(limits.bytesPerSecond, clock) : undefined
  const sockets = new Set<Socket>()
  const refused: Partial<Record<ErrorCode, number>> = {}
  let connected = 0
  let closedBytesToTargets = 0
  let closedBytesFromTargets = 0
  let stopped = false

  const vet = async (host: TargetHost, port: number, signal: AbortSignal): Promise<IpAddress[]> => {
    if (host.kind === 'name' && blocklist.has(host.name)) throw refusal()
    const candidates =
      host.kind === 'address' ? [host.address] : await resolveName(resolve, host.name, limits.resolveTimeoutMs, signal)
    const allowed = candidates.filter(address => policy.allows(address, port)).slice(0, MAX_ADDRESSES_TRIED)
    if (allowed.length === 0) throw refusal()
    return allowed
  }

  const track = (socket: Socket, onClose: () => void): void => {
    sockets.add(socket)
    socket.on('error', () => {}) // 'close' always follows and is what the others listen for; unheard, it would end the process
    socket.once('close', () => {
      sockets.delete(socket)
      closedBytesToTargets += socket.bytesWritten
      closedBytesFromTargets += socket.bytesRead
      onClose()
    })
  }

  const open = async (target: { host: string; port: number }, signal: AbortSignal, held: Hold): Promise<ByteDuplex> => {
    const host = parseTargetHost(target.host)
    const vetted = await vet(host, target.port, signal)
    const addresses = vetted.filter(address => held.take(perAddress, address.toString()))
    if (addresses.length === 0) throw new CraftecError('limit-exceeded', 'too many connections to that address')
    const socket = await connectTo(addresses, target.port, limits, signal, made => track(made, () => held.releaseAll()))
    const remote = parseIpAddress(socket.remoteAddress ?? '')?.toString()
    if (remote === undefined || !addresses.some(address => address.toString() === remote)) {
      socket.destroy()
      throw new CraftecError('internal', 'connected to an address that was not judged')
    }
    held.releaseKeys(perAddress, key => key !== remote)
    socket.setTimeout(limits.idleTimeoutMs, () =>
      socket.destroy(new CraftecError('timeout', `nothing to or from the target for ${limits.idleTimeoutMs} ms`))
    )
    return socketDuplex(socket, { rate, clock })
  }

  return {
    async connect(target, { signal }) {
      const held = new Hold()
      try {
        if (stopped) throw new CraftecError('stopped', 'the exit is shutting down')
        if (!Number.isInteger(target.port) || target.port < 1 || target.port > 65_535) throw refusal()
        if (!held.take(total, '')) {
          throw new CraftecError('limit-exceeded', 'too many open connections')
        }
        const duplex = await open(target, signal, held)
        connected += 1
        return duplex
      } catch (error) {
        held.releaseAll()
        const failure = CraftecError.from(error, 'internal')
        refused[failure.code] = (refused[failure.code] ?? 0) + 1
        throw failure
      }
    },
    stats() {
      let bytesToTargets = closedBytesToTargets
      let bytesFromTargets = closedBytesFromTargets
      for (const socket of sockets) {
        bytesToTargets += socket.bytesWritten
        bytesFromTargets += socket.bytesRead
      }
      return { open: sockets.size, connected, bytesToTargets, bytesFromTargets, refused: { ...refused } }
    },
    stop() {
      stopped = true
      for (const socket of sockets) socket.destroy(new CraftecError('stopped', 'the exit is shutting down'))
    }
  }
}

/** The places one connection takes in the limits; each is given back exactly once. */
class Hold {
  private taken: { readonly limit: KeyedLimit; readonly key: string }[] = []

  take(limit: KeyedLimit, key: string): boolean {
    if (!limit.tryTake(key)) return false
    this.taken.push({ limit, key })
    return true
  }

  releaseKeys(limit: KeyedLimit, which: (key: string) => boolean): void {
    this.taken = this.taken.filter(place => {
      const release = place.limit === limit && which(place.key)
      if (release) limit.release(place.key)
      return !release
    })
  }

  releaseAll(): void {
    for (const { limit, key } of this.taken) limit.release(key)
    this.taken = []
  }
}

async function resolveName(
  resolve: NameResolver,
  name: string,
  timeoutMs: number,
  signal: AbortSignal
): Promise<IpAddress[]> {
  const texts = await withDeadline({ signal, timeoutMs, what: 'name resolution' }, async inner => {
    try {
      return await resolve(name, { signal: inner })
    } catch (error) {
      throw CraftecError.from(error, 'name-not-resolved', 'the exit could not resolve the target')
    }
  })
  const unique = new Map<string, IpAddress>()
  for (const text of texts) {
    const address = parseIpAddress(text)
    if (address !== undefined) unique.set(address.toString(), address)
  }
  if (unique.size === 0) throw new CraftecError('name-not-resolved', 'the target has no address')
  return [...unique.values()]
}

function connectTo(
  addresses: readonly IpAddress[],
  port: number,
  limits: TcpExitLimits,
  signal: AbortSignal,
  onSocket: (socket: Socket) => void
): Promise<Socket> {
  return withDeadline({ signal, timeoutMs: limits.connectTimeoutMs, what: 'connection to the target' }, inner => {
    const socket = connectSocket({
      host: 'vetted.invalid', // never resolved: `lookup` answers
      port,
      lookup: lookupFrom(addresses),
      autoSelectFamily: true,
      autoSelectFamilyAttemptTimeout: HAPPY_EYEBALLS_DELAY_MS,
      allowHalfOpen: true,
      noDelay: true,
      keepAlive: true
    })
    onSocket(socket)
    return new Promise((resolve, reject) => {
      const onAbort = (): void => void socket.destroy()
      const onClose = (): void => reject(new CraftecError('connect-failed', 'the exit could not connect to the target'))
      const onError = (cause: Error): void =>
        reject(CraftecError.from(cause, 'connect-failed', 'the exit could not connect to the target'))
      inner.addEventListener('abort', onAbort, { once: true })
      socket.once('error', onError)
      socket.once('close', onClose)
      socket.once('connect', () => {
        inner.removeEventListener('abort', onAbort)
        socket.off('error', onError)
        socket.off('close', onClose)
        socket.pause()
        resolve(socket)
      })
    })
  })
}

function lookupFrom(addresses: readonly IpAddress[]): LookupFunction {
  const answers = addresses.map(address => ({
    address: address.toString(),
    family: address.kind() === 'ipv4' ? 4 : 6
  }))
  return (_name, options, callback) => {
    const [first] = answers
    if (first === undefined) callback(new Error('no vetted address'), '', 0)
    else if (options.all) callback(null, answers)
    else callback(null, first.address, first.family)
  }
}

function refusal(): CraftecError {
  return new CraftecError('exit-refused', "the exit's policy forbids this target; choose another exit or port")
}
