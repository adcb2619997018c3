/** Wall clocks that are set forwards and backwards by hours and days, while content is put, read and looked after. Monotonic time goes on. */
import { describe, expect, it } from 'vitest'
import { demoBytes } from '../../relay-server/devnet/demo-bytes.ts'
import { type Clock, systemClock } from '../../sdk/async/index.ts'
import { CraftecError } from '../../sdk/errors/index.ts'
import {
  AUDIT_VALID_MS,
  EPOCH_MS,
  epochOf,
  findHolders,
  HealthKeeper,
  MAX_TRANSFER_FRAME_BYTES,
  ObjClient,
  type ObjContext,
  parseLink,
  type SegmentHealth,
  TAKEOVER_MS,
  TRANSFER_PROTOCOL
} from '../../sdk/obj/index.ts'
import { chaosRandom, chaosRounds } from '../kit/chaos.ts'
import { type LoopbackHolder, type LoopbackStorage, loopbackStorage } from '../kit/storage-nodes.ts'

const HOLDERS = 4
const FILE_BYTES = 3_000_011
const ROUNDS = chaosRounds({ ordinary: 1, long: 10 })
const DAY_MS = 24 * 60 * 60_000

/** A wall clock that can be set. */
class JumpingClock implements Clock {
  aheadMs = 0
  readonly monotonic = systemClock.monotonic
  readonly after = systemClock.after

  now(): number {
    return Math.floor(systemClock.now() + this.aheadMs)
  }
}

async function announced({ node, relays }: ObjContext, link: string): Promise<void> {
  const { contentId } = parseLink(link)
  const [relay] = relays(contentId)
  if (!relay) throw new Error('a network has a relay')
  await expect.poll(() => findHolders(node, relay, contentId), { timeout: 20_000 }).toHaveLength(HOLDERS)
}

const newNetwork = (): Promise<LoopbackStorage> => loopbackStorage(TRANSFER_PROTOCOL, MAX_TRANSFER_FRAME_BYTES)

describe.each(Array.from({ length: ROUNDS }, (_, round) => round))('clocks that jump, round %i', round => {
  const random = chaosRandom(`obj-clock-jumps ${round}`)
  /** From minutes to ten days, in either direction. */
  const jump = (clock: JumpingClock): void => {
    clock.aheadMs = (random() < 0.5 ? -1 : 1) * 10 ** (5 + random() * 4)
  }

  it('disturb neither a put nor a spread nor a get that runs', { timeout: 120_000 }, async () => {
    await using network = await newNetwork()
    const clocks = Array.from({ length: HOLDERS }, () => new JumpingClock())
    await Promise.all(clocks.map(clock => network.holder({}, { clock })))
    const bytes = demoBytes(Math.floor(random() * 1_000_000), FILE_BYTES)
    const own = new JumpingClock()
    const publisher = new ObjClient(await network.client({ clock: own }))
    const { link, distribution } = await publisher.put(bytes, { onProgress: () => jump(own) })
    distribution.onState(() => jump(own))
    expect(await distribution.done).toMatchObject({ status: 'done', peers: HOLDERS })
    await publisher.stop()
    const reading = new JumpingClock()
    const context = await network.client({ clock: reading })
    await announced(context, link)
    const reader = new ObjClient(context)
    let jumps = 0
    const onProgress = (): void => {
      jumps++
      for (const clock of [reading, ...clocks]) jump(clock)
    }
    const read = await reader.get(link, { onProgress }).bytes()
    expect(jumps).toBeGreaterThan(0)
    expect(Buffer.compare(read, bytes)).toBe(0)
    await reader.stop()
  })

  it('do not make a keeper believe in holders that are dead, or wait for them to scan', {
    timeout: 120_000
  }, async () => {
    await using network = await newNetwork()
    const holders = await Promise.all(Array.from({ length: HOLDERS }, () => network.holder()))
    const publisher = new ObjClient(await network.client())
    const { link, manifestId, distribution } = await publisher.put(demoBytes(1, FILE_BYTES))
    expect(await distribution.done).toMatchObject({ status: 'done' })
    await publisher.stop()
    const [keeping, ...others] = holders as [LoopbackHolder, ...LoopbackHolder[]]
    const { context } = keeping
    await announced(context, link)
    const clock = new JumpingClock()
    const seen: SegmentHealth[] = []
    const keeper = new HealthKeeper({ ...context, clock }, { onHealth: (_, __, health) => seen.push(health) })
    /** Late in an epoch everybody may take over from those who were not heard of. */
    const lateInEpoch = (aheadMs: number): void => {
      clock.aheadMs = epochOf(systemClock.now() + aheadMs) * EPOCH_MS + HOLDERS * TAKEOVER_MS - systemClock.now()
    }
    // Records of holders live four hours; within that, as far from now as audits stay valid.
    lateInEpoch(2.5 * AUDIT_VALID_MS)
    await keeper.round()
    expect(seen.at(-1)?.holders).toBe(HOLDERS)
    const challenge = new Uint8Array(32 + 4 + 1 + 2 + 32 + 1)
    challenge.set(manifestId)
    challenge[36] = 1
    challenge[challenge.length - 1] = 1
    for (const { context } of others) keeper.heard(context.node.peerId, challenge)
    const [dead, ...alive] = others as [LoopbackHolder, ...LoopbackHolder[]]
    await dead.kill()
    lateInEpoch(0)
    expect(await keeper.round()).toMatchObject({ scanned: 1 })
    expect(seen.at(-1)?.holders).toBe(1 + alive.length)
    keeper.stop()
  })

  it('leave a put that runs while another tab starts whole, or fail it, and let the next one pass', async () => {
    await using network = await newNetwork()
    const context = await network.client()
    const bytes = demoBytes(Math.floor(random() * 1_000_000), 12_000_000)
    const tab = new ObjClient(context)
    const clock = new JumpingClock()
    const other = new ObjClient({ ...context, clock })
    let started: Promise<void> | undefined
    const source = async function* (): AsyncIterable<Uint8Array> {
      for (let at = 0; at < bytes.length; at += 1_000_000) {
        if (at === 11_000_000) {
          clock.aheadMs = 2 * DAY_MS
          started = other.start()
          await started
        }
        yield bytes.subarray(at, at + 1_000_000)
      }
    }
    const put = await tab.put(source(), { replicas: 0 }).catch((error: unknown) => error)
    expect(started).toBeDefined()
    if (put instanceof CraftecError) expect(put.code).toBe('content-unknown')
    const { link } = await tab.put(bytes, { replicas: 0 })
    expect(Buffer.compare(await tab.get(link).bytes(), bytes)).toBe(0)
    await other.stop()
    await tab.stop()
  })
})
