/** The commands people type, as processes of their own. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { createInterface } from 'node:readline'
import { expect, it } from 'vitest'
import { runCommand } from '../../tools/run-command.ts'

const START_MS = 240_000

it(
  'npm run smoke: in Chromium a three-hop https fetch, ciphertext behind the exit, nothing direct; content from one page to another; a subscription; a typed refusal once every relay is dead',
  async () => {
    const { code, output } = await runCommand([process.execPath, 'scripts/smoke.ts'], { cwd: '.', timeoutMs: START_MS })
    expect(code, output).toBe(0)
    const smoke = JSON.parse(output.trimEnd().split('\n').at(-1) ?? '')
    expect(smoke).toMatchObject({
      fetch: { hops: 3, status: 200, bytesEqual: true },
      exitSawPlaintext: false,
      wire: { https: { found: 0 } },
      directPackets: 0,
      obj: { retrieve: { bytesEqual: true, faults: [] } },
      subscription: { approvals: 1, days: 30 },
      afterKill: { originRequests: 0 }
    })
    expect(smoke.subscription.paid).toBe(smoke.subscription.price)
    const { https, control } = smoke.wire
    expect(control).toMatchObject({ pieces: https.pieces, found: https.pieces })
    expect(https.pieces).toBeGreaterThan(10)
    for (const figure of [smoke.fetch.firstByteMs, smoke.fetch.circuitBuildMs, smoke.fetch.mbPerSecond]) {
      expect(figure).toBeGreaterThan(0)
    }
  },
  START_MS
)

it(
  'npm start: prints one URL whose page knows the network, and Ctrl-C leaves no process and no port',
  async () => {
    const child = spawn(process.execPath, ['scripts/start.ts'], {
      detached: true,
      stdio: ['ignore', 'pipe', 'inherit']
    })
    const exited = once(child, 'exit')
    const group = child.pid ?? 0
    try {
      const url = await firstUrl(child.stdout)
      expect(await (await fetch(url)).text()).toContain('<!doctype html>')
      const network = await (await fetch(new URL('network.json', url))).json()
      expect(network.suggestions[0].url).toMatch(/^https:/)
      const ports = [
        new URL(url).port,
        new URL(network.chain.rpc).port,
        ...network.bootstrap.map((address: string) => /\/tcp\/(\d+)/.exec(address)?.[1])
      ]
      expect(ports.length).toBeGreaterThan(1)
      for (const port of ports) expect(await isOpen(Number(port))).toBe(true)
      const { programs } = await rpc(network.chain.rpc, 'craftec_info', [])
      expect(programs).toEqual(network.chain.programs)
      const { value } = await rpc(network.chain.rpc, 'getAccountInfo', [programs.settlement, { encoding: 'base64' }])
      expect(value.executable).toBe(true)
      process.kill(-group, 'SIGINT')
      expect(await exited).toEqual([0, null])
      for (const port of ports) expect(await isOpen(Number(port))).toBe(false)
    } finally {
      endGroup(group)
    }
  },
  START_MS
)

async function rpc(url: string, method: string, params: readonly unknown[]) {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })
  const answer = await (await fetch(url, { method: 'POST', body })).json()
  return answer.result
}

async function firstUrl(output: NodeJS.ReadableStream): Promise<string> {
  for await (const line of createInterface(output)) {
    const url = /http:\/\/127\.0\.0\.1:\d+\//.exec(line)?.[0]
    if (url !== undefined) return url
  }
  throw new Error('it ended without printing a URL')
}

function isOpen(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}

function endGroup(group: number): void {
  try {
    process.kill(-group, 'SIGKILL')
  } catch {
    // the group is gone, as it should be
  }
}
