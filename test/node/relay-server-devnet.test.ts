import { X509Certificate } from 'node:crypto'
import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import { type Devnet, startDemoOrigin, startDevnet } from '../../relay-server/devnet/index.ts'
import { startRelayProcess } from '../kit/relay-process.ts'

const CLI = fileURLToPath(new URL('../../relay-server/cli.ts', import.meta.url))
const cleanUps: (() => unknown)[] = []

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp()
})

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

async function noneRuns(pids: readonly number[]): Promise<void> {
  await expect.poll(() => pids.filter(isRunning), { timeout: 20_000 }).toEqual([])
}

describe('devnet', { timeout: 90_000 }, () => {
  it('starts a network in which every node knows every node, and stops without a trace', async () => {
    const origin = await startDemoOrigin()
    cleanUps.push(() => origin.stop())
    const devnet: Devnet = await startDevnet({ relays: 2, exits: 1, localOrigins: [`127.0.0.1:${origin.port}`] })
    cleanUps.push(() => devnet.stop())
    expect(devnet.nodes.map(node => node.roles)).toEqual([['relay'], ['relay'], ['relay', 'exit']])
    expect(new Set(devnet.nodes.map(node => node.country)).size).toBe(3)
    expect(devnet.bootstrap).toHaveLength(3)
    for (const address of devnet.bootstrap) expect(address).toMatch(/^\/ip4\/127\.0\.0\.1\/tcp\/\d+\/ws\/p2p\/12D3KooW/)
    for (const { metrics } of devnet.nodes) {
      expect(await (await fetch(metrics)).text()).toContain('craftec_directory_nodes 3\n')
    }
    const [first] = devnet.nodes
    if (first === undefined) throw new Error('no node')
    await devnet.kill(0)
    expect(isRunning(first.pid)).toBe(false)
    await devnet.stop()
    await noneRuns(devnet.nodes.map(node => node.pid))
    expect(existsSync(dirname(first.logPath))).toBe(false)
  })

  it('prints one JSON line when ready, and ends its nodes even when it is killed', async () => {
    const counts = ['--relays', '1', '--exits', '1', '--storage', '1']
    const parent = startRelayProcess({ path: CLI }, ['devnet', ...counts, '--demo-origin', '--json'])
    cleanUps.push(() => parent.child.kill('SIGKILL'))
    await expect.poll(parent.output, { timeout: 60_000 }).toContain('\n')
    const { bootstrap, nodes, metrics, demoOrigin, demoOriginSecure, demoOriginRoot } = JSON.parse(parent.output())
    expect([bootstrap.length, nodes.length, metrics.length]).toEqual([3, 3, 3])
    expect((await fetch(demoOrigin)).status).toBe(200)
    expect(demoOriginSecure).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/)
    expect(new X509Certificate(demoOriginRoot).ca).toBe(true)
    const pids: number[] = nodes.map((node: { pid: number }) => node.pid)
    expect(pids.filter(isRunning)).toHaveLength(3)
    parent.child.kill('SIGKILL')
    await parent.ended
    await noneRuns(pids)
  })

  it('leaves nothing behind when it is aborted while it starts', async () => {
    const controller = new AbortController()
    const started: string[] = []
    const starting = startDevnet({
      relays: 2,
      exits: 0,
      signal: controller.signal,
      onProgress: text => {
        started.push(text)
        controller.abort()
      }
    })
    await expect(starting).rejects.toMatchObject({ code: 'aborted' })
    expect(started.length).toBeGreaterThan(0)
    const children = process.getActiveResourcesInfo().filter(name => name === 'ProcessWrap')
    expect(children).toEqual([])
  })

  it('refuses origins that are not on this machine, and sizes that are no network', async () => {
    await expect(startDevnet({ localOrigins: ['93.184.216.34:80'] })).rejects.toMatchObject({
      code: 'invalid-argument'
    })
    await expect(startDevnet({ localOrigins: ['localhost:80'] })).rejects.toMatchObject({ code: 'invalid-argument' })
    await expect(startDevnet({ relays: 0, exits: 0 })).rejects.toMatchObject({ code: 'invalid-argument' })
    await expect(startDevnet({ relays: 1000 })).rejects.toMatchObject({ code: 'invalid-argument' })
  })

  it('ends cleanly on Ctrl-C', async () => {
    const parent = startRelayProcess({ path: CLI }, ['devnet', '--relays', '1', '--exits', '0'])
    cleanUps.push(() => parent.child.kill('SIGKILL'))
    await expect.poll(parent.output, { timeout: 60_000 }).toContain('Ctrl-C')
    parent.child.kill('SIGINT')
    expect(await parent.ended).toBe(0)
  })
})
