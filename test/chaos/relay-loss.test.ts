/** Relay processes killed under a client, as a power cut would: on a network where every node is a process of its own. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type DemoOrigin,
  type Devnet,
  demoBytes,
  startDemoOrigin,
  startDevnet
} from '../../relay-server/devnet/index.ts'
import { peerIdFromPublicKey } from '../../sdk/identity/index.ts'
import { type Craftec, CraftecError, createCraftec } from '../../sdk/index.ts'

const BIG = 200_000_000
const IDLE_TIMEOUT_MS = 10_000
const TIMEOUT_MS = 8_000
/** What ending takes beyond the deadline on a busy machine. */
const SLACK_MS = 1_500
const PLAIN = { allowInsecure: true }

let origin: DemoOrigin
let devnet: Devnet
let craft: Craftec

beforeAll(async () => {
  origin = await startDemoOrigin()
  devnet = await startDevnet({ localOrigins: [`127.0.0.1:${origin.port}`] })
  craft = await createCraftec({ bootstrap: devnet.bootstrap })
})

afterAll(async () => {
  await craft?.stop()
  await devnet?.stop()
  await origin?.stop()
})

/** The devnet's index of hop `at` of the circuit that a response came over. */
function indexOfHop(circuitId: string, at: number): number {
  const hop = craft.net.circuits().find(({ id }) => id === circuitId)?.hops[at]
  const index = devnet.nodes.findIndex(
    ({ peerId }) => hop !== undefined && peerId === peerIdFromPublicKey(hop.identity)
  )
  expect(index).toBeGreaterThanOrEqual(0)
  return index
}

interface Ending {
  readonly code: string
  readonly bytes: number
  readonly equal: boolean
}

/** Read a body of `demoBytes` to its end, calling `onBytes` with the total. */
async function read(response: Response, onBytes: (total: number) => void = () => {}): Promise<Ending> {
  let bytes = 0
  let equal = true
  try {
    for await (const chunk of response.body ?? []) {
      equal &&= Buffer.compare(chunk, demoBytes(bytes, chunk.length)) === 0
      bytes += chunk.length
      onBytes(bytes)
    }
    return { code: 'none', bytes, equal }
  } catch (error) {
    return { code: error instanceof CraftecError ? error.code : `untyped: ${String(error)}`, bytes, equal }
  }
}

describe('kill -9', () => {
  it('of the middle relay during a download ends it with a typed error in time; the next goes over others', async () => {
    const response = await craft.net.fetch(`${origin.url}/bytes?n=${BIG}`, { ...PLAIN, idleTimeoutMs: IDLE_TIMEOUT_MS })
    const victim = indexOfHop(craft.net.explain(response).circuitId, 1)
    let killedAt = Number.POSITIVE_INFINITY
    const { code, bytes, equal } = await read(response, total => {
      if (total < 1_000_000 || Number.isFinite(killedAt)) return
      killedAt = performance.now()
      void devnet.kill(victim)
    })
    expect(performance.now() - killedAt).toBeLessThan(IDLE_TIMEOUT_MS + SLACK_MS)
    expect(['circuit-destroyed', 'timeout']).toContain(code)
    expect(bytes).toBeLessThan(BIG)
    expect(equal).toBe(true)

    const next = await craft.net.fetch(`${origin.url}/bytes?n=1000000`, PLAIN)
    expect(await read(next)).toEqual({ code: 'none', bytes: 1_000_000, equal: true })
    const { path } = craft.net.explain(next)
    expect(path).toHaveLength(4)
    expect(path.map(({ identity }) => identity)).not.toContain(devnet.nodes[victim]?.peerId.slice(-12))
  })

  it('of all relays but the exits makes no path shorter: a fetch is refused in time, and the origin hears nothing', async () => {
    const relays = devnet.nodes.flatMap(({ roles }, index) => (roles.includes('exit') ? [] : [index]))
    await Promise.all(relays.map(index => devnet.kill(index)))
    const seen = origin.requestCount
    const startedAt = performance.now()
    const error: unknown = await craft.net
      .fetch(`${origin.url}/seen`, { ...PLAIN, timeoutMs: TIMEOUT_MS })
      .catch((error: unknown) => error)
    expect(performance.now() - startedAt).toBeLessThan(TIMEOUT_MS + SLACK_MS)
    expect(error).toBeInstanceOf(CraftecError)
    expect(['circuit-failed', 'circuit-destroyed', 'no-path', 'timeout']).toContain((error as CraftecError).code)
    expect(origin.requestCount).toBe(seen)

    // The exits live, and would have served whoever asks them.
    const direct = await craft.net.fetch(`${origin.url}/seen`, { ...PLAIN, hops: 0 })
    expect(direct.status).toBe(200)
    await direct.text()
  })
})
