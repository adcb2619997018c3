/** Many contexts, one store: here links of one thread stand for tabs, over the same locks and channels that browsers have. */
import { afterEach, describe, expect, it } from 'vitest'
import { chaosRandom } from '../../../../test/kit/chaos.ts'
import { newContent, pieces } from '../../../../test/kit/store-content.ts'
import { CraftecError } from '../../../errors/index.ts'
import { createMemoryPieceStore } from '../memory-piece-store.ts'
import type { PieceStore } from '../piece-store.ts'
import { linkedPieceStore } from './linked-piece-store.ts'
import { sharedStoreLink } from './shared-link.ts'

/** A disk: stores that are opened one after the other have the same pieces. */
function createDisk(): { open(who: string): Promise<PieceStore>; readonly owners: string[] } {
  const disk = createMemoryPieceStore()
  const owners: string[] = []
  let isOpen = false
  return {
    owners,
    open: async who => {
      if (isOpen) throw new Error(`${who} opens the store while ${owners.at(-1)} has it`)
      isOpen = true
      owners.push(who)
      const close = async (): Promise<void> => {
        isOpen = false
      }
      return new Proxy(disk, {
        get: (store, key) => {
          if (key === 'close') return close
          const member = Reflect.get(store, key)
          return typeof member === 'function' ? member.bind(store) : member
        }
      })
    }
  }
}

const stores: PieceStore[] = []
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close()
})

function tabs(name: string): { disk: ReturnType<typeof createDisk>; tab(who: string, rank?: number): PieceStore } {
  const disk = createDisk()
  return {
    disk,
    tab: (who, rank = 1) => {
      const store = linkedPieceStore(sharedStoreLink({ name, rank, open: () => disk.open(who) }))
      stores.push(store)
      return store
    }
  }
}

describe('a shared store', () => {
  it('has one owner, who serves the others', async () => {
    const { disk, tab } = tabs('one-owner')
    const [first, second, third] = [tab('first'), tab('second'), tab('third')]
    const content = newContent(1)
    await second.addContent(content)
    expect(await third.putPieces(content.manifestId, 0, pieces(content, 0, 3))).toBe(3)
    for (const store of [first, second, third])
      expect(await store.held(content.manifestId)).toEqual(Uint16Array.of(3, 0, 0))
    expect(disk.owners).toHaveLength(1)
  })

  it('passes on what is under way when the owner leaves', async () => {
    const { disk, tab } = tabs('hand-over')
    const names = ['a', 'b', 'c', 'd']
    const all = names.map(name => tab(name))
    const last = all.at(-1)
    if (last === undefined) throw new Error('four tabs')
    const content = newContent(1, { segments: 50 })
    await last.addContent(content)
    const puts = Array.from({ length: 50 }, (_, segment) =>
      last.putPieces(content.manifestId, segment, pieces(content, segment, 2))
    )
    for (const store of all.slice(0, -1)) await store.close()
    // A put whose first answer was lost is made again, and finds its pieces there.
    for (const added of await Promise.all(puts)) expect([0, 2]).toContain(added)
    expect((await last.usage()).pieces).toBe(100)
    expect(disk.owners).toEqual(names)
  })

  it('serves again whoever it served when it owned the store before', async () => {
    const { disk, tab } = tabs('again')
    const client = tab('client', -1)
    const first = tab('first', 0)
    await first.usage()
    await client.usage()
    const better = tab('better', 1)
    await better.usage()
    await expect.poll(() => disk.owners.at(-1)).toBe('better')
    await better.close()
    await client.addContent(newContent(1))
    await first.addContent(newContent(2))
    expect((await client.usage()).contents).toBe(2)
    // Somebody had it before 'better' and after.
    expect(disk.owners.slice(0, disk.owners.indexOf('better'))).toContain(disk.owners.at(-1))
  })

  it('loses no call while tabs of all ranks come and go', { timeout: 30_000 }, async () => {
    const random = chaosRandom('tabs that come and go')
    const draw = (limit: number): number => Math.floor(random() * limit)
    const { disk, tab } = tabs('come-and-go')
    const content = newContent(1, { segments: 200 })
    const open = Array.from({ length: 4 }, (_, number) => ({
      store: tab(`tab ${number}`, draw(2)),
      puts: [] as Promise<number>[]
    }))
    await open[0]?.store.addContent(content)
    for (let step = 0; step < 200; step++) {
      const at = draw(open.length)
      const { store, puts } = open[at] ?? { store: tab('none'), puts: [] }
      puts.push(store.putPieces(content.manifestId, step, pieces(content, step, 1)))
      if (step % 5 !== 0) continue
      // A tab waits for its own puts before it goes; those of others go on meanwhile.
      await Promise.all(puts)
      await store.close()
      open[at] = { store: tab(`tab ${step}`, draw(2)), puts: [] }
    }
    await Promise.all(open.flatMap(({ puts }) => puts))
    expect((await open[0]?.store.usage())?.pieces).toBe(200)
    expect(disk.owners.length).toBeGreaterThan(5)
  })

  it('serves a tab whose locks are slower than its messages, as they are in a busy browser', async () => {
    const { tab } = tabs('late-lock')
    const first = tab('first')
    await first.usage()
    const { locks } = navigator
    const request = locks.request.bind(locks)
    const granted = Promise.withResolvers<void>()
    const board = new BroadcastChannel('craftec-store/late-lock')
    let requests = 0
    // the first lock that the second tab asks for is its own
    const late = async (...args: Parameters<typeof request>): Promise<unknown> => {
      if (requests++ === 0) await granted.promise
      return request(...args)
    }
    Object.defineProperty(locks, 'request', { value: late, configurable: true })
    try {
      const second = tab('second')
      const usage = second.usage()
      // once the owner has answered again and again: whoever joined at its first word was heard before
      let answers = 0
      board.onmessage = ({ data }) => {
        if (data.type !== 'owner') return
        if (++answers === 4) granted.resolve()
        else board.postMessage({ type: 'who', rank: 0 })
      }
      board.postMessage({ type: 'who', rank: 0 })
      expect(await usage).toEqual(await first.usage())
      expect(await second.contents()).toEqual([])
    } finally {
      board.close()
      Reflect.deleteProperty(locks, 'request')
    }
  })

  it('carries errors with their codes, aborts, progress and changes from tab to tab', async () => {
    const { tab } = tabs('carries')
    const [owner, other] = [tab('owner'), tab('other')]
    await owner.usage()
    const content = newContent(1)
    await expect(other.pin(content.manifestId)).rejects.toMatchObject({ code: 'content-unknown' })
    const change = new Promise(resolve => other.onChange(resolve))
    await other.addContent(content)
    expect(await change).toEqual({ type: 'content-added', manifestId: content.manifestId })
    const signal = AbortSignal.abort()
    await expect(other.putPieces(content.manifestId, 0, pieces(content, 0, 1), { signal })).rejects.toMatchObject({
      code: 'aborted'
    })
    expect(await other.verify({ onProgress: () => {} })).toMatchObject({ lostCount: 0 })
  })

  it('goes to whoever can write slab files, away from who cannot', async () => {
    const { disk, tab } = tabs('rank')
    const worker = tab('service worker', 0)
    const content = newContent(1)
    await worker.addContent(content)
    expect(disk.owners).toEqual(['service worker'])
    const page = tab('page', 1)
    await page.putPieces(content.manifestId, 0, pieces(content, 0, 1))
    await expect.poll(() => disk.owners).toEqual(['service worker', 'page'])
    expect(await worker.held(content.manifestId)).toEqual(Uint16Array.of(1, 0, 0))
    tab('another service worker', 0)
    await worker.usage()
    expect(disk.owners).toEqual(['service worker', 'page'])
  })

  it('tells who waits that it could not be opened, and tries again at the next call', async () => {
    let attempts = 0
    const memory = createMemoryPieceStore()
    const store = linkedPieceStore(
      sharedStoreLink({
        name: 'cannot-open',
        rank: 1,
        open: async () => {
          if (++attempts === 1) throw new TypeError('no disk')
          return memory
        }
      })
    )
    stores.push(store)
    await expect(store.usage()).rejects.toMatchObject({ code: 'storage-unavailable' })
    expect((await store.usage()).bytes).toBe(0)
  })

  it('is opened anew after its medium was lost', async () => {
    let opened = 0
    const open = async (): Promise<PieceStore> => {
      const isBroken = ++opened === 1
      const lost = async (): Promise<never> => {
        throw new CraftecError('storage-unavailable', 'site data was cleared')
      }
      return new Proxy(createMemoryPieceStore(), {
        get: (store, key) => {
          if (isBroken && (key === 'usage' || key === 'close')) return lost
          const member = Reflect.get(store, key)
          return typeof member === 'function' ? member.bind(store) : member
        }
      })
    }
    const store = linkedPieceStore(sharedStoreLink({ name: 'lost', rank: 1, open }))
    stores.push(store)
    expect(await store.contents()).toEqual([])
    expect((await store.usage()).bytes).toBe(0)
    expect(opened).toBe(2)
  })

  it('says so when opening it anew does not help, and does not try for ever', async () => {
    let opened = 0
    const open = async (): Promise<PieceStore> => {
      opened++
      const lost = async (): Promise<never> => {
        throw new CraftecError('storage-unavailable', 'the disk is gone')
      }
      return new Proxy(createMemoryPieceStore(), {
        get: (store, key) => (key === 'usage' ? lost : Reflect.get(store, key).bind(store))
      })
    }
    for (const who of ['owner', 'other']) {
      const store = linkedPieceStore(sharedStoreLink({ name: 'gone', rank: 1, open }))
      stores.push(store)
      await expect(store.usage(), who).rejects.toMatchObject({ code: 'storage-unavailable' })
    }
    expect(opened).toBeLessThan(8)
  })

  it('is stopped once closed, also while it waits for an owner', async () => {
    const store = linkedPieceStore(
      sharedStoreLink({ name: 'closed', rank: 1, open: () => new Promise<never>(() => {}) })
    )
    const waiting = store.usage()
    const answer = expect(waiting).rejects.toMatchObject({ code: 'stopped' })
    void store.close()
    await answer
    await expect(store.usage()).rejects.toMatchObject({ code: 'stopped' })
  })
})
