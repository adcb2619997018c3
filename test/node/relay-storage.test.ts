/** The storage role, as an operator runs it: one process, one folder, killed and started again. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { demoBytes } from '../../relay-server/devnet/demo-bytes.ts'
import { type RelayProgram, relayProgram } from '../../relay-server/devnet/relay-program.ts'
import { createCraftec } from '../../sdk/index.ts'
import { type RelayProcess, startRelayProcess, testConfig } from '../kit/relay-process.ts'

const MIB = 1024 * 1024

describe('a storage node', () => {
  let program: RelayProgram
  let config: Awaited<ReturnType<typeof testConfig>>
  let relay: RelayProcess | undefined
  beforeAll(async () => {
    program = await relayProgram()
    config = await testConfig({ roles: ['relay', 'storage'], drainSeconds: 0 })
  })
  afterAll(async () => {
    relay?.child.kill('SIGKILL')
    await relay?.ended
    await config.remove()
  })

  /** @returns where to reach it, and its metrics */
  const start = async (
    ...flags: string[]
  ): Promise<{ bootstrap: string[]; metric: (name: string) => Promise<number> }> => {
    relay = startRelayProcess(program, ['--config', config.path, ...flags])
    const { addresses, statusPort } = await relay.listening
    return {
      bootstrap: [...addresses],
      metric: async name => {
        // each look at the store's use starts the next: the second one is fresh
        const read = async (): Promise<string> => (await fetch(`http://127.0.0.1:${statusPort}/metrics`)).text()
        await read()
        const value = new RegExp(`^${name} (\\S+)$`, 'm').exec(await read())?.[1]
        return Number(value)
      }
    }
  }
  const kill = async (): Promise<void> => {
    relay?.child.kill('SIGKILL')
    await relay?.ended
  }

  it('keeps what it acknowledged when it is killed, and serves it when it is back', async () => {
    const file = demoBytes(0, 3 * MIB)
    const first = await start('--quota', '20MiB', '--quota-per-peer', '20MiB')
    const publisher = await createCraftec({ bootstrap: first.bootstrap, storage: 'memory' })
    const { link, distribution } = await publisher.obj.put(file, { encrypt: true })
    expect(await distribution.done).toMatchObject({ status: 'done', peers: 1 })
    await publisher.stop()
    const pieces = await first.metric('craftec_storage_pieces')
    expect(pieces).toBeGreaterThanOrEqual(13)
    expect(await first.metric('craftec_storage_bytes')).toBeGreaterThan(3 * MIB)
    await kill()

    const second = await start('--quota', '20MiB')
    expect(await second.metric('craftec_storage_pieces')).toBe(pieces)
    const reader = await createCraftec({ bootstrap: second.bootstrap, storage: 'memory' })
    expect(Buffer.compare(await reader.obj.get(link).bytes(), file)).toBe(0)
    await reader.stop()
    await kill()
  })

  it('refuses what is over its quota, and says so to the publisher', async () => {
    const full = await start('--quota', '4MiB', '--quota-per-peer', '4MiB')
    const publisher = await createCraftec({ bootstrap: full.bootstrap, storage: 'memory' })
    const { distribution } = await publisher.obj.put(demoBytes(1, 4 * MIB))
    const refused = new Promise<void>(resolve => {
      distribution.onState(state => state.status === 'waiting' && state.why === 'refused' && resolve())
    })
    await refused
    await publisher.stop()
    expect(await full.metric('craftec_storage_bytes')).toBeLessThanOrEqual(5 * MIB)
    await kill()
  })

  it('does not start with a quota that is no size', async () => {
    relay = startRelayProcess(program, ['--config', config.path, '--quota', 'plenty'])
    await relay.listening.catch(() => {})
    expect(await relay.ended).toBe(2)
    expect(relay.output()).toContain('--quota: quota: expected a size')
  })
})
