/**
 * Path selection: which nodes a circuit uses. Rules follow Tor's path specification (path-spec, "Path selection and
 * constraints") where they apply: the exit first, then the guard, then the middle; no node twice, no two of one family or
 * one /16; the first hop from a small persistent set (guard-spec). Deviations: bandwidth is claimed, so its influence is
 * bounded; exits carry no other traffic as long as there are relays enough, since they are scarce and see the most.
 */
import type { RandomBytes } from '../../async/index.ts'
import { encodeHex } from '../../codec/index.ts'
import { CraftecError } from '../../errors/index.ts'
import { publicKeyFromDid, publicKeyFromPeerId } from '../../identity/index.ts'
import type { DirectoryView } from '../directory/index.ts'
import { Candidate } from './candidate.ts'
import { acceptsPort } from './exit-ports.ts'
import { addGuard, type GuardState, isDue, mayAddGuard, refreshGuards } from './guard-state.ts'
import type { ExitWish, Path, PathOptions, PathRequest } from './path-request.ts'
import { PathSearch } from './path-search.ts'
import { Removals } from './removals.ts'
import { bandwidthWeight, weightedOrder } from './weighted-order.ts'

/** What a circuit built ahead must be good for. */
const WEB_PORTS = [80, 443]

interface Choice {
  readonly view: DirectoryView
  readonly request: PathRequest
  readonly options: PathOptions
  readonly removals: Removals
  /** A random order, heavier first by tendency. */
  order(candidates: readonly Candidate[]): Candidate[]
}

/**
 * Choose the nodes of one circuit.
 * @param view    descriptors already verified and fresh; order is irrelevant
 * @param guards  what the last choice returned, or `NO_GUARDS`
 * @param random  uniform bytes; injected so that tests can replay a choice
 * @returns the hops, and the guards to keep
 * @throws CraftecError `directory-empty`; `no-path` when the rules leave nothing, `details` has how many candidates each rule
 *   removed; `malformed` | `invalid-did` when `request.exit.identity` is neither PeerId nor DID
 */
export function choosePath(
  view: DirectoryView,
  guards: GuardState,
  request: PathRequest,
  random: RandomBytes,
  options: PathOptions = {}
): Path {
  if (view.nodes.length === 0)
    throw new CraftecError('directory-empty', 'no valid, fresh node is known; is a directory reachable?')
  const removals = new Removals(view.nodes.length)
  const weight = bandwidthWeight(view.nodes)
  const order = (candidates: readonly Candidate[]) => weightedOrder(candidates, ({ node }) => weight(node), random)
  const choice = { view, request, options, removals, order }

  const usable = usableNodes(choice)
  const exits = order(usable.filter(exitRules(choice)))
  if (exits.length === 0) throw removals.noPath('no exit fits')
  if (request.hops === 0) return directPath(choice, exits, guards)

  const relays = usable.filter(candidate => removals.keep(candidate.node.roles.relay, 'notRelay', candidate))
  const state = refreshGuards(guards, new Set(view.nodes.map(({ identity }) => encodeHex(identity))), view.nowMs)
  const withoutExits = relays.filter(({ node }) => !node.roles.exit)
  for (const pool of withoutExits.length === relays.length ? [relays] : [withoutExits, relays]) {
    const path = guardedPath(choice, exits, pool, state)
    if (path !== undefined) return path
  }
  throw removals.noPath(`no ${request.hops} relays and an exit fit together`)
}

/** Rules that hold wherever in a path a node stands. */
function usableNodes({ view, request, removals }: Choice): Candidate[] {
  const excluded = new Set(request.exclude)
  return view.nodes
    .map(node => new Candidate(node))
    .filter(
      candidate =>
        removals.keep(!excluded.has(candidate.id), 'excluded', candidate) &&
        removals.keep(
          candidate.node.onionKeys.some(key => key.notAfter * 1000 > view.nowMs),
          'noOnionKey',
          candidate
        ) &&
        removals.keep(candidate.node.addresses.length > 0, 'noAddress', candidate)
    )
}

function exitRules({ request, removals }: Choice): (candidate: Candidate) => boolean {
  const wish = request.exit ?? {}
  const identity = wishedIdentity(wish)
  const ports = request.target === undefined ? WEB_PORTS : [request.target.port]
  return candidate => {
    const { roles, country, exitPorts } = candidate.node
    return (
      removals.keep(roles.exit, 'notExit', candidate) &&
      removals.keep(identity === undefined || candidate.id === identity, 'exitIdentity', candidate) &&
      removals.keep(wish.country === undefined || country === wish.country, 'exitCountry', candidate) &&
      removals.keep(
        ports.every(port => acceptsPort(exitPorts, port)),
        'exitPorts',
        candidate
      )
    )
  }
}

function wishedIdentity({ identity }: ExitWish): string | undefined {
  if (identity === undefined) return undefined
  return encodeHex(identity.startsWith('did:') ? publicKeyFromDid(identity) : publicKeyFromPeerId(identity))
}

/** No relay hides the client from the exit: the caller asked for that. Guards are for those who want to be hidden. */
function directPath(choice: Choice, exits: readonly Candidate[], guards: GuardState): Path {
  const exit = exits.find(candidate => isDialable(choice, candidate))
  if (exit === undefined) throw choice.removals.noPath('no exit that fits can be dialled from here')
  return { hops: [exit.node], guards }
}

function guardedPath(
  choice: Choice,
  exits: readonly Candidate[],
  pool: readonly Candidate[],
  state: GuardState
): Path | undefined {
  const { view, request, options, removals, order } = choice
  const dialable = new Map(pool.filter(relay => isDialable(choice, relay)).map(relay => [relay.id, relay]))
  const known = state.guards.flatMap(guard => {
    const candidate = dialable.get(guard.identity)
    return candidate === undefined ? [] : [{ candidate, due: isDue(guard, view.nowMs) }]
  })
  const sampled = new Set(state.guards.map(({ identity }) => identity))
  const search = new PathSearch(exits, order(pool), request.hops, options.allowSharedSubnets ?? false, removals)

  const kept = search.run(known.filter(({ due }) => due).map(({ candidate }) => candidate))
  if (kept !== undefined) return { hops: kept, guards: state }
  if (mayAddGuard(state, dialable.size, request.exclude ?? [])) {
    const fresh = search.run(order([...dialable.values()].filter(({ id }) => !sampled.has(id))))
    const [guard] = fresh ?? []
    if (fresh !== undefined && guard !== undefined)
      return { hops: fresh, guards: addGuard(state, encodeHex(guard.identity), view.nowMs) }
  }
  // Better a guard that failed lately than none: when all of them failed, it was the client's own network.
  const failed = search.run(known.filter(({ due }) => !due).map(({ candidate }) => candidate))
  return failed === undefined ? undefined : { hops: failed, guards: state }
}

function isDialable({ options, removals }: Choice, candidate: Candidate): boolean {
  return removals.keep(options.dialable?.(candidate.node) ?? true, 'notDialable', candidate)
}
