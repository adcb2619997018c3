import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../../test/vectors/seeded-random.ts'
import { encodeHex } from '../../codec/index.ts'
import { CraftecError } from '../../errors/index.ts'
import { didFromPublicKey, peerIdFromPublicKey } from '../../identity/index.ts'
import type { Descriptor, DirectoryView } from '../directory/index.ts'
import { choosePath, NO_GUARDS, type PathOptions, type PathRequest } from './index.ts'

const NOW_MS = 1_700_000_000_000
const WEB = [{ from: 80, to: 443 }]

interface Sketch {
  readonly relay?: boolean
  readonly exit?: boolean
  readonly addresses?: readonly string[]
  readonly country?: string
  /** Numbers of the nodes it names. */
  readonly family?: readonly number[]
  readonly bandwidthKiBps?: number
  readonly exitPorts?: Descriptor['exitPorts']
  readonly notAfter?: number
}

function identityOf(index: number): Uint8Array {
  const identity = new Uint8Array(32).fill(0x11)
  new DataView(identity.buffer).setUint32(0, index)
  return identity
}

function node(index: number, sketch: Sketch = {}): Descriptor {
  const { relay = true, exit = false, family = [], notAfter = NOW_MS / 1000 + 60 } = sketch
  return {
    identity: identityOf(index),
    sequence: 1n,
    issuedAt: NOW_MS / 1000,
    expiresAt: NOW_MS / 1000 + 60,
    roles: { relay, exit, directory: false, storage: false },
    onionKeys: [{ epoch: 1, publicKey: identityOf(index), notAfter }],
    addresses: sketch.addresses ?? [`/ip4/${1 + (index >> 8)}.${index & 255}.1.1/tcp/1/ws`],
    country: sketch.country ?? 'DE',
    region: '',
    family: family.map(identityOf),
    bandwidthKiBps: sketch.bandwidthKiBps ?? 100,
    priceLamportsPerGiB: 0n,
    exitPorts: sketch.exitPorts ?? (exit ? WEB : [])
  }
}

function view(sketches: readonly Sketch[]): DirectoryView {
  return { nowMs: NOW_MS, nodes: sketches.map((sketch, index) => node(index, sketch)) }
}

const exit = (more: Sketch = {}): Sketch => ({ relay: false, exit: true, ...more })
const relays = (count: number): Sketch[] => Array.from({ length: count }, () => ({}))

function choose(nodes: DirectoryView, request: Partial<PathRequest> = {}, seed = 'path', options: PathOptions = {}) {
  return choosePath(nodes, NO_GUARDS, { hops: 3, ...request }, seededRandom(seed), options)
}

/** Numbers of the nodes in a path. */
function numbers(hops: readonly Descriptor[]): number[] {
  return hops.map(({ identity }) => new DataView(identity.buffer, identity.byteOffset).getUint32(0))
}

function failure(task: () => unknown): { code: string; details: Readonly<Record<string, unknown>> } {
  try {
    task()
  } catch (error) {
    if (error instanceof CraftecError) return error
    throw error
  }
  throw new Error('there was a path')
}

describe('a path', () => {
  it.each([0, 1, 2, 3, 4] as const)('of %i relays has them all different, and an exit that takes the target', hops => {
    const { hops: path } = choose(view([...relays(6), exit(), exit({ exitPorts: [{ from: 22, to: 22 }] })]), {
      hops,
      target: { host: 'a.test', port: 22 }
    })
    expect(path.length).toBe(hops + 1)
    expect(new Set(numbers(path)).size).toBe(hops + 1)
    expect(numbers(path).at(-1)).toBe(7)
  })

  it('is the same for the same random bytes, and another for others', () => {
    const nodes = view([...relays(40), ...Array.from({ length: 10 }, () => exit())])
    expect(numbers(choose(nodes, {}, 'one').hops)).toEqual(numbers(choose(nodes, {}, 'one').hops))
    const paths = new Set(Array.from({ length: 20 }, (_, n) => numbers(choose(nodes, {}, `${n}`).hops).join()))
    expect(paths.size).toBeGreaterThan(15)
  })

  it('does not depend on the order of the directory for what is possible', () => {
    const nodes = view([...relays(3), exit()])
    const reversed = { ...nodes, nodes: nodes.nodes.toReversed() }
    expect(new Set(numbers(choose(reversed).hops))).toEqual(new Set([0, 1, 2, 3]))
  })

  it('goes out in the country, or through the node, that was asked for', () => {
    const nodes = view([...relays(4), exit({ country: 'FR' }), exit({ country: 'DE' }), exit({ country: 'FR' })])
    for (let seed = 0; seed < 10; seed++)
      expect([4, 6]).toContain(numbers(choose(nodes, { exit: { country: 'FR' } }, `${seed}`).hops).at(-1))
    for (const identity of [peerIdFromPublicKey(identityOf(5)), didFromPublicKey(identityOf(5))])
      expect(numbers(choose(nodes, { exit: { identity } }).hops).at(-1)).toBe(5)
    expect(failure(() => choose(nodes, { exit: { country: 'XX' } }))).toMatchObject({
      code: 'no-path',
      details: { known: 7, notExit: 4, exitCountry: 3 }
    })
    expect(failure(() => choose(nodes, { exit: { identity: 'someone' } })).code).toBe('malformed')
  })

  it('leaves out whom the caller leaves out', () => {
    const nodes = view([...relays(5), exit(), exit()])
    const exclude = [0, 1, 5].map(index => encodeHex(identityOf(index)))
    for (let seed = 0; seed < 10; seed++)
      expect(new Set(numbers(choose(nodes, { exclude }, `${seed}`).hops))).toEqual(new Set([2, 3, 4, 6]))
  })

  it('uses an exit as a relay only when there is no other way', () => {
    const both = exit({ relay: true })
    const enough = view([...relays(3), both, both, both])
    for (let seed = 0; seed < 20; seed++)
      expect(new Set(numbers(choose(enough, {}, `${seed}`).hops).slice(0, 3))).toEqual(new Set([0, 1, 2]))
    expect(choose(view([...relays(2), both, both])).hops.length).toBe(4)
    expect(failure(() => choose(view([...relays(2), exit(), exit()])))).toMatchObject({
      code: 'no-path',
      details: { known: 4, notRelay: 2 }
    })
  })

  it('keeps families apart when both sides say so, and not on the word of one', () => {
    const mutual = view([{ family: [1] }, { family: [0] }, {}, exit()])
    expect(failure(() => choose(mutual))).toMatchObject({ code: 'no-path', details: { family: 2 } })
    expect(choose(view([{ family: [1, 2, 3] }, {}, {}, exit()])).hops.length).toBe(4)
    const withExit = view([{ family: [2] }, {}, exit({ family: [0] })])
    expect(numbers(choose(withExit, { hops: 1 }).hops)).toEqual([1, 2])
  })

  it.each([
    ['one /16', '/ip4/10.1.2.3/tcp/1', '/ip4/10.1.200.200/tcp/2', true],
    ['two /16', '/ip4/10.1.2.3/tcp/1', '/ip4/10.2.2.3/tcp/1', false],
    ['one /32', '/ip6/2001:db8::1/tcp/1', '/ip6/2001:db8:ffff::1/tcp/1', true],
    ['two /32', '/ip6/2001:db8::1/tcp/1', '/ip6/2001:db9::1/tcp/1', false],
    ['one /16, once in IPv6 clothes', '/ip4/10.1.2.3/tcp/1', '/ip6/::ffff:10.1.9.9/tcp/1', true],
    [
      'a relay that passes connections on for both',
      '/ip4/10.1.2.3/tcp/1/p2p/x/p2p-circuit',
      '/ip4/10.1.2.3/tcp/1/p2p/x/p2p-circuit',
      false
    ],
    ['a name', '/dns4/a.test/tcp/443/wss', '/dns4/a.test/tcp/443/wss', false],
    ['no address', '/ip4/999.1.1.1/tcp/1', '/ip4/999.1.1.1/tcp/1', false]
  ])('knows %s', (_, one, two, same) => {
    const nodes = view([{ addresses: [one] }, exit({ addresses: ['/ip4/99.9.9.9/tcp/1', two] })])
    if (same)
      expect(failure(() => choose(nodes, { hops: 1 }))).toMatchObject({ code: 'no-path', details: { subnet: 1 } })
    else expect(choose(nodes, { hops: 1 }).hops.length).toBe(2)
    expect(choose(nodes, { hops: 1 }, 'shared', { allowSharedSubnets: true }).hops.length).toBe(2)
  })

  it('starts where the client can dial, and only there', () => {
    const nodes = view([...relays(3), exit(), exit()])
    const dialable = ({ identity }: Descriptor) => [1, 4].includes(numbers([{ identity } as Descriptor])[0] ?? -1)
    for (let seed = 0; seed < 10; seed++) {
      expect(numbers(choose(nodes, { hops: 2 }, `${seed}`, { dialable }).hops)[0]).toBe(1)
      expect(numbers(choose(nodes, { hops: 0 }, `${seed}`, { dialable }).hops)).toEqual([4])
    }
    expect(failure(() => choose(nodes, { hops: 1 }, 'x', { dialable: () => false }))).toMatchObject({
      code: 'no-path',
      details: { notDialable: 3 }
    })
  })

  it('needs a valid onion key and an address of every hop', () => {
    const dead = { notAfter: NOW_MS / 1000 }
    expect(failure(() => choose(view([dead, { addresses: [] }, {}, exit()])))).toMatchObject({
      code: 'no-path',
      details: { known: 4, noOnionKey: 1, noAddress: 1 }
    })
  })

  it('built ahead goes to an exit that takes both ports of the web', () => {
    const nodes = view([...relays(3), exit({ exitPorts: [{ from: 443, to: 443 }] }), exit()])
    for (let seed = 0; seed < 5; seed++) expect(numbers(choose(nodes, {}, `${seed}`).hops).at(-1)).toBe(4)
  })

  it('is not to be had from an empty directory', () => {
    expect(failure(() => choose(view([]))).code).toBe('directory-empty')
  })

  it('prefers bandwidth in proportion, and believes nobody more than ten times the median', () => {
    const bandwidths = [100, 200, 300, 400, 1_000_000]
    const nodes = view(bandwidths.map(bandwidthKiBps => exit({ bandwidthKiBps })))
    const counts = bandwidths.map(() => 0)
    const random = seededRandom('weights')
    const rounds = 4000
    for (let round = 0; round < rounds; round++) {
      const [index = 0] = numbers(choosePath(nodes, NO_GUARDS, { hops: 0 }, random).hops)
      counts[index] = (counts[index] ?? 0) + 1
    }
    const weights = [100, 200, 300, 400, 3000]
    for (const [index, weight] of weights.entries()) {
      const share = weight / 4000
      const deviation = Math.sqrt(rounds * share * (1 - share))
      expect(Math.abs((counts[index] ?? 0) - rounds * share), `node ${index}`).toBeLessThan(4 * deviation)
    }
  })

  it('stays quick in a directory that is in its own way', () => {
    const crowd = Array.from({ length: 2000 }, (_, index) => ({
      addresses: [`/ip4/10.0.${index >> 8}.${index & 255}/tcp/1`]
    }))
    const nodes = view([...crowd, exit()])
    expect(failure(() => choose(nodes, { hops: 4 })).code).toBe('no-path')
    expect(choose(nodes, { hops: 4 }, 'shared', { allowSharedSubnets: true }).hops.length).toBe(5)
  })
})

const sketches: fc.Arbitrary<Sketch[]> = fc.array(
  fc.record({
    relay: fc.boolean(),
    exit: fc.boolean(),
    addresses: fc.array(
      fc.tuple(fc.nat(3), fc.nat(9)).map(([net, host]) => `/ip4/10.${net}.0.${host}/tcp/1`),
      { maxLength: 2 }
    ),
    country: fc.constantFrom('DE', 'FR'),
    family: fc.uniqueArray(fc.nat(7), { maxLength: 3 }),
    bandwidthKiBps: fc.nat(1000),
    exitPorts: fc.constantFrom(WEB, [{ from: 443, to: 443 }]),
    notAfter: fc.constantFrom(NOW_MS / 1000 - 1, NOW_MS / 1000 + 1, NOW_MS / 1000 + 1)
  }),
  { minLength: 1, maxLength: 8 }
)

const requests: fc.Arbitrary<PathRequest & { shared: boolean; undialable: number[] }> = fc.record({
  hops: fc.constantFrom(0 as const, 1 as const, 2 as const, 3 as const, 4 as const),
  target: fc.constantFrom(undefined, { host: 'a.test', port: 443 }, { host: 'a.test', port: 80 }),
  exit: fc.constantFrom(undefined, undefined, { country: 'FR' }),
  exclude: fc.uniqueArray(
    fc.nat(7).map(index => encodeHex(identityOf(index))),
    { maxLength: 2 }
  ),
  shared: fc.boolean(),
  undialable: fc.uniqueArray(fc.nat(7), { maxLength: 3 })
})

/** The rules, read again and without any cleverness: whether these nodes, in this order, may be a path. */
function allowed(
  path: readonly Descriptor[],
  request: PathRequest & { shared: boolean; undialable: number[] }
): boolean {
  const last = path.at(-1)
  const ports = request.target ? [request.target.port] : [80, 443]
  const net = (each: Descriptor) => each.addresses.map(address => address.split('.')[1])
  return (
    last?.roles.exit === true &&
    ports.every(port => last.exitPorts.some(({ from, to }) => from <= port && port <= to)) &&
    (request.exit?.country === undefined || last.country === request.exit.country) &&
    path.slice(0, -1).every(each => each.roles.relay) &&
    !request.undialable.includes(numbers(path)[0] ?? -1) &&
    path.every(each => each.addresses.length > 0 && each.onionKeys.some(key => key.notAfter * 1000 > NOW_MS)) &&
    path.every(each => !request.exclude?.includes(encodeHex(each.identity))) &&
    path.every((one, index) =>
      path.slice(index + 1).every(two => {
        const [first, second] = numbers([one, two])
        const names = (a: Descriptor, b: Descriptor) => a.family.some(each => encodeHex(each) === encodeHex(b.identity))
        return (
          first !== second &&
          !(names(one, two) && names(two, one)) &&
          (request.shared || !net(one).some(part => net(two).includes(part)))
        )
      })
    )
  )
}

function anyPath(
  nodes: readonly Descriptor[],
  length: number,
  check: (path: readonly Descriptor[]) => boolean
): boolean {
  const extend = (path: readonly Descriptor[]): boolean =>
    path.length === length ? check(path) : nodes.some(each => !path.includes(each) && extend([...path, each]))
  return extend([])
}

describe('any directory', () => {
  it('gives a path that keeps every rule, or there is none', () => {
    fc.assert(
      fc.property(sketches, requests, fc.nat(), (list, request, seed) => {
        const nodes = view(list)
        const options = {
          allowSharedSubnets: request.shared,
          dialable: (each: Descriptor) => !request.undialable.includes(numbers([each])[0] ?? -1)
        }
        let path: readonly Descriptor[]
        try {
          path = choosePath(nodes, NO_GUARDS, request, seededRandom(`${seed}`), options).hops
        } catch (error) {
          expect((error as CraftecError).code).toBe('no-path')
          expect(anyPath(nodes.nodes, request.hops + 1, each => allowed(each, request))).toBe(false)
          return
        }
        expect(path.length).toBe(request.hops + 1)
        expect(allowed(path, request)).toBe(true)
      }),
      { numRuns: 500 }
    )
  })
})
