import { describe, expect, it } from 'vitest'
import type { ByteDuplex, ExitBackend } from '../../sdk/net/index.ts'
import { duplexPair, PRIVATE_STORAGE_HOST, PRIVATE_STORAGE_PORT } from '../../sdk/obj/index.ts'
import { withStorageExit, withStoragePort } from './storage-exit.ts'

const { signal } = new AbortController()

describe('exit into the own store', () => {
  it('gives streams to the store that name it, and nothing else', async () => {
    const accepted: ByteDuplex[] = []
    const backend = withStorageExit({ acceptPrivate: duplex => accepted.push(duplex) }, undefined)
    await backend.connect({ host: PRIVATE_STORAGE_HOST, port: PRIVATE_STORAGE_PORT }, { signal })
    expect(accepted).toHaveLength(1)
    for (const target of [
      { host: PRIVATE_STORAGE_HOST, port: 443 },
      { host: 'example.org', port: PRIVATE_STORAGE_PORT }
    ])
      await expect(backend.connect(target, { signal })).rejects.toMatchObject({ code: 'exit-refused' })
    expect(accepted).toHaveLength(1)
  })

  it('leaves other streams to the exit, if the node is one', async () => {
    const [end] = duplexPair()
    const exit: ExitBackend = { connect: async () => end }
    expect(await withStorageExit({ acceptPrivate: () => {} }, exit).connect({ host: 'a', port: 80 }, { signal })).toBe(
      end
    )
  })

  it('announces its port among those of the policy: ascending, disjoint, and no more than fit', () => {
    const port = { from: PRIVATE_STORAGE_PORT, to: PRIVATE_STORAGE_PORT }
    expect(withStoragePort([])).toEqual([port])
    expect(withStoragePort([{ from: 80, to: 80 }])).toEqual([port, { from: 80, to: 80 }])
    expect(withStoragePort([{ from: 1, to: 9 }])).toEqual([{ from: 1, to: 9 }])
    const full = Array.from({ length: 16 }, (_, index) => ({ from: 100 + 2 * index, to: 100 + 2 * index }))
    expect(withStoragePort(full)).toEqual(full)
  })
})
