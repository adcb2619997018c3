import { describe, expect, it } from 'vitest'
import { ManualClock } from '../../../test/kit/manual-clock.ts'
import { CraftecError } from '../../errors/index.ts'
import { createIdentity } from '../../identity/index.ts'
import type { PeerAddresses } from '../../p2p/index.ts'
import { Directory, encodeDescriptor } from '../directory/index.ts'
import { type ClientStore, memoryClientStore } from './client-store.ts'
import { DirectoryKeeper } from './directory-keeper.ts'

const never = new AbortController().signal

async function exitDescriptor(
  nowMs: number,
  roles: Partial<{ exit: boolean; directory: boolean }> = { exit: true }
): Promise<Uint8Array> {
  const identity = createIdentity()
  const issuedAt = Math.floor(nowMs / 1000)
  return encodeDescriptor(
    {
      identity: identity.publicKey,
      sequence: 1n,
      issuedAt,
      expiresAt: issuedAt + 3600,
      roles: { relay: true, exit: false, directory: false, storage: false, ...roles },
      onionKeys: [{ epoch: 1, publicKey: new Uint8Array(32).fill(9), notAfter: issuedAt + 7200 }],
      addresses: ['/ip4/203.0.113.1/tcp/1/ws'],
      country: 'DE',
      region: '',
      family: [],
      bandwidthKiBps: 1,
      priceLamportsPerGiB: 0n,
      exitPorts: roles.exit ? [{ from: 80, to: 80 }] : []
    },
    message => identity.sign(message)
  )
}

type Sync = (peer: PeerAddresses, since: bigint, directory: Directory) => Promise<void>

function setup(sync: Sync, options: { store?: ClientStore; bootstrap?: number; clock?: ManualClock } = {}) {
  const clock = options.clock ?? new ManualClock()
  const directory = new Directory()
  const asked: { peer: string; since: bigint }[] = []
  const changed = { count: 0, wake: (): void => {} }
  const bootstrap = Array.from({ length: options.bootstrap ?? 1 }, () => ({
    peerId: createIdentity().peerId,
    addresses: ['/ip4/127.0.0.1/tcp/1/ws']
  }))
  const keeper = new DirectoryKeeper({
    directory,
    bootstrap,
    store: options.store ?? memoryClientStore(),
    clock,
    random: length => new Uint8Array(length),
    sync: async (peer, since) => {
      asked.push({ peer: peer.peerId, since })
      await sync(peer, since, directory)
      return { taken: 0, known: 0, refused: 0, full: 0, next: since + 10n }
    },
    onChange: () => {
      changed.count++
      changed.wake()
    }
  })
  const untilChanges = async (count: number): Promise<void> => {
    while (changed.count < count) await new Promise<void>(resolve => (changed.wake = resolve))
  }
  return { keeper, directory, clock, asked, bootstrap, untilChanges }
}

describe('DirectoryKeeper', () => {
  it('becomes usable with the first exit, and not with relays alone', async () => {
    const relayOnly = setup(
      async (_, __, directory) => {
        directory.add(await exitDescriptor(Date.now(), { exit: false }), relayOnly.clock.now())
      },
      { clock: wallClock() }
    )
    await expect(relayOnly.keeper.whenUsable(never)).rejects.toMatchObject({ code: 'directory-empty' })

    const withExit = setup(
      async (_, __, directory) => {
        directory.add(await exitDescriptor(Date.now()), withExit.clock.now())
      },
      { clock: wallClock() }
    )
    await withExit.keeper.whenUsable(never)
    expect(withExit.keeper.usable).toBe(true)
  })

  it('says that nobody answered, with the cause', async () => {
    const cause = new CraftecError('link-failed', 'refused')
    const { keeper } = setup(() => Promise.reject(cause))
    await expect(keeper.whenUsable(never)).rejects.toMatchObject({ code: 'bootstrap-unreachable', cause })
  })

  it('tries again soon, and later each time, until somebody answers', async () => {
    const { keeper, clock, asked, untilChanges } = setup(() =>
      Promise.reject(new CraftecError('link-failed', 'refused'))
    )
    await keeper.start()
    await untilChanges(2)
    for (const [round, wait] of [1_000, 3_000, 10_000, 30_000].entries()) {
      expect(asked.length).toBe(round + 1)
      clock.advance(wait - 1)
      expect(asked.length).toBe(round + 1)
      clock.advance(1)
      await untilChanges(round + 3)
    }
  })

  it('goes on where it was with each server', async () => {
    const { keeper, clock, asked, untilChanges } = setup(async (_, __, directory) => {
      if (directory.size === 0) directory.add(await exitDescriptor(clock.now()), clock.now())
    })
    await keeper.start()
    await untilChanges(2)
    clock.advance(600_000)
    await untilChanges(3)
    expect(asked.map(({ since }) => since)).toEqual([0n, 10n])
  })

  it('looks again when circuits fail, but not for every one of them', async () => {
    const { keeper, clock, asked, untilChanges } = setup(async (_, __, directory) => {
      if (directory.size === 0) directory.add(await exitDescriptor(clock.now()), clock.now())
    })
    await keeper.start()
    await untilChanges(2)
    keeper.hintStale()
    expect(asked.length).toBe(1)
    clock.advance(10_000)
    keeper.hintStale()
    keeper.hintStale()
    await untilChanges(3)
    expect(asked.length).toBe(2)
  })

  it('asks other directory servers besides the bootstrap nodes', async () => {
    const { keeper, clock, asked, bootstrap, untilChanges } = setup(
      async (_, __, directory) => {
        if (directory.size < 2)
          directory.add(await exitDescriptor(clock.now(), { exit: true, directory: true }), clock.now())
      },
      { bootstrap: 2 }
    )
    await keeper.start()
    await untilChanges(2)
    clock.advance(600_000)
    await untilChanges(3)
    const others = asked.slice(2).filter(({ peer }) => !bootstrap.some(({ peerId }) => peerId === peer))
    expect(others.length).toBeGreaterThan(0)
  })

  it('is usable from the store without any network, and believes only signatures', async () => {
    const store = memoryClientStore()
    const first = setup(
      async (_, __, directory) => {
        directory.add(await exitDescriptor(first.clock.now()), first.clock.now())
      },
      { store }
    )
    await first.keeper.whenUsable(never)
    first.keeper.stop()
    const dead = () => Promise.reject(new CraftecError('link-failed', 'no network'))
    const second = setup(dead, { store })
    await second.keeper.start()
    expect(second.keeper.usable).toBe(true)

    const damaged = memoryClientStore()
    const forged = await exitDescriptor(first.clock.now())
    forged[40] = (forged[40] ?? 0) ^ 1
    await damaged.set('directory', [forged, 'text', null])
    const third = setup(dead, { store: damaged })
    await third.keeper.start()
    expect(third.keeper.usable).toBe(false)
  })

  it('ends a wait with the signal, and everything with stop', async () => {
    const { keeper } = setup(() => new Promise(() => {}))
    const reason = new CraftecError('aborted', 'left')
    const controller = new AbortController()
    const waiting = keeper.whenUsable(controller.signal)
    controller.abort(reason)
    await expect(waiting).rejects.toBe(reason)
    const stopped = keeper.whenUsable(never)
    keeper.stop()
    await expect(stopped).rejects.toMatchObject({ code: 'stopped' })
  })
})

/** Stands still at the present, which descriptors made with `Date.now()` need. */
function wallClock(): ManualClock {
  const clock = new ManualClock()
  clock.advance(Math.max(0, Date.now() - clock.now()))
  return clock
}
