import { once } from 'node:events'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type DemoOrigin, demoBytes, startDemoOrigin } from '../../relay-server/devnet/index.ts'
import { type RelayProgram, relayProgram } from '../../relay-server/devnet/relay-program.ts'
import { systemClock, systemRandom } from '../../sdk/async/index.ts'
import { parsePeerId, publicKeyFromPeerId } from '../../sdk/identity/index.ts'
import {
  type CircuitClient,
  type CircuitStream,
  createCircuitClient,
  Directory,
  syncDirectory
} from '../../sdk/net/index.ts'
import { createP2pNode, type P2pNode } from '../../sdk/p2p/index.ts'
import { type ListeningReport, startRelayProcess, testConfig } from '../kit/relay-process.ts'

let program: RelayProgram
const cleanUps: (() => unknown)[] = []

beforeAll(async () => {
  program = await relayProgram()
}, 60_000)
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp()
})

async function start(settings: Record<string, unknown>, nodeArgs: readonly string[] = []) {
  const { path, folder, remove } = await testConfig(settings)
  cleanUps.push(remove)
  const relay = startRelayProcess(program, ['--config', path], nodeArgs)
  cleanUps.push(async () => {
    relay.child.kill('SIGKILL')
    await relay.ended
  })
  return { ...relay, folder, path }
}

async function run(args: readonly string[]): Promise<{ code: number | NodeJS.Signals; output: string }> {
  const relay = startRelayProcess(program, args)
  return { code: await relay.ended, output: relay.output() }
}

async function demoOrigin(): Promise<DemoOrigin> {
  const origin = await startDemoOrigin()
  cleanUps.push(() => origin.stop())
  return origin
}

/** A client of one exit, which is the whole path. */
async function connectTo({ peerId, addresses }: ListeningReport): Promise<{
  client: CircuitClient
  node: P2pNode
  open: (port: number, host?: string) => Promise<CircuitStream>
}> {
  const node = await createP2pNode({ seed: systemRandom(32), bootstrap: addresses, allowPrivateAddresses: true })
  cleanUps.push(() => node.stop())
  const directory = new Directory()
  await syncDirectory(node, { peerId: parsePeerId(peerId), addresses }, directory)
  const hop = directory.get(publicKeyFromPeerId(peerId), systemClock.now())
  if (hop === undefined) throw new Error('the exit did not publish itself')
  const client = createCircuitClient({ node })
  cleanUps.push(() => client.stop())
  const circuit = await client.build({ hops: [hop] }, { timeoutMs: 10_000 })
  const open = async (port: number, host = '127.0.0.1'): Promise<CircuitStream> => {
    const stream = await circuit.openStream({ host, port }, { timeoutMs: 5_000 })
    await stream.opened
    return stream
  }
  return { client, node, open }
}

async function request({ writable }: CircuitStream, path: string, host = 'origin.invalid'): Promise<void> {
  const writer = writable.getWriter()
  await writer.write(new TextEncoder().encode(`GET ${path} HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`))
  writer.releaseLock()
}

async function bodyOf({ readable }: CircuitStream): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of readable) chunks.push(chunk)
  const all = Buffer.concat(chunks)
  return all.subarray(all.indexOf('\r\n\r\n') + 4)
}

const exitFor = (port: number, extra: Record<string, unknown> = {}) => ({
  roles: ['relay', 'exit'],
  exit: { policy: [`accept 127.0.0.1:${port}`], hosts: { 'secret-target.example': ['127.0.0.1'] } },
  ...extra
})

describe('craftec-relay, the process', { timeout: 60_000 }, () => {
  it('serves a circuit through its exit, counts it, and logs neither target nor peers nor addresses', async () => {
    const origin = await demoOrigin()
    const relay = await start(exitFor(origin.port, { log: { level: 'info' }, drainSeconds: 0 }))
    const report = await relay.listening
    const { node, open } = await connectTo(report)
    const stream = await open(origin.port, 'secret-target.example')
    await request(stream, '/bytes?n=1000000', 'secret-target.example')
    expect(await bodyOf(stream)).toEqual(Buffer.from(demoBytes(0, 1_000_000)))
    await expect(open(80, '10.0.0.1')).rejects.toMatchObject({ code: 'exit-refused' })
    await expect(open(origin.port, 'unknown.secret-target.example')).rejects.toMatchObject({
      code: expect.stringMatching(/name-not-resolved|timeout/)
    })

    const base = `http://127.0.0.1:${report.statusPort}`
    expect((await fetch(`${base}/readyz`)).status).toBe(200)
    const metrics = await (await fetch(`${base}/metrics`)).text()
    expect(metrics).toMatch(/craftec_circuits_total\{role="exit"\} 1\n/)
    expect(metrics).toMatch(/craftec_exit_refusals_total\{reason="exit-refused"\} 1\n/)
    expect(Number(/craftec_exit_bytes_total\{direction="from_target"\} (\d+)/.exec(metrics)?.[1])).toBeGreaterThan(
      1_000_000
    )

    relay.child.kill('SIGTERM')
    await relay.ended
    const log = relay.output()
    expect(log).toContain('"event":"started"')
    for (const told of [log, metrics]) {
      expect(told).not.toContain('secret-target')
      expect(told).not.toContain(String(origin.port))
      expect(told).not.toMatch(/\d+\.\d+\.\d+\.\d+|\/ip4\/|12D3KooW|did:craftec/)
      expect(told).not.toContain(node.peerId)
    }
  })

  it('keeps its identity over restarts, in files that only its owner can read', async () => {
    const first = await start({ drainSeconds: 0 })
    const { peerId } = await first.listening
    expect((await stat(`${first.folder}/data/identity.key`)).mode & 0o777).toBe(0o600)
    expect(await readFile(`${first.folder}/data/addresses`, 'utf8')).toContain(peerId)
    first.child.kill('SIGTERM')
    expect(await first.ended).toBe(0)
    const second = startRelayProcess(program, ['--config', first.path])
    cleanUps.push(() => second.child.kill('SIGKILL'))
    expect((await second.listening).peerId).toBe(peerId)
  })

  it('lets an open stream finish after SIGTERM, refuses new circuits meanwhile, and says 503', async () => {
    let finish = (): void => {}
    const server = createServer((_request, response) => {
      response.write('first ')
      finish = () => response.end('last')
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    cleanUps.push(() => server.close())
    const { port } = server.address() as AddressInfo
    const relay = await start(exitFor(port, { drainSeconds: 30 }))
    const report = await relay.listening
    const { client, open } = await connectTo(report)
    const stream = await open(port)
    await request(stream, '/')
    const reader = stream.readable.getReader()
    let text = ''
    while (!text.includes('first')) text += Buffer.from((await reader.read()).value ?? [])
    relay.child.kill('SIGTERM')
    await expect.poll(async () => (await fetch(`http://127.0.0.1:${report.statusPort}/readyz`)).status).toBe(503)
    await expect(open(port)).rejects.toThrow()
    finish()
    for (let step = await reader.read(); !step.done; step = await reader.read()) text += Buffer.from(step.value)
    expect(text).toContain('last')
    await client.stop()
    expect(await relay.ended).toBe(0)
  })

  it('ends at once on a second signal, with a code that says streams were cut', async () => {
    const origin = await demoOrigin()
    const relay = await start(exitFor(origin.port, { drainSeconds: 600 }))
    const { open } = await connectTo(await relay.listening)
    await request(await open(origin.port), '/slow?ms=60000&n=2')
    relay.child.kill('SIGTERM')
    await expect.poll(relay.output).toContain('"event":"draining"')
    relay.child.kill('SIGINT')
    expect(await relay.ended).toBe(4)
  })

  it('cuts what is left when the drain deadline passes', async () => {
    const origin = await demoOrigin()
    const relay = await start(exitFor(origin.port, { drainSeconds: 0.2 }))
    const { open } = await connectTo(await relay.listening)
    await request(await open(origin.port), '/slow?ms=60000&n=2')
    relay.child.kill('SIGTERM')
    expect(await relay.ended).toBe(4)
  })

  it('logs an uncaught error without its message and ends with 1', async () => {
    const { path: beside, remove } = await testConfig({})
    cleanUps.push(remove)
    const bomb = `${beside}.mjs`
    await writeFile(bomb, 'process.once("SIGUSR2", () => { throw new Error("connect ECONNREFUSED 192.0.2.9:443") })')
    const relay = await start({}, ['--import', bomb])
    await relay.listening
    relay.child.kill('SIGUSR2')
    expect(await relay.ended).toBe(1)
    expect(relay.output()).toContain('"event":"uncaught"')
    expect(relay.output()).not.toContain('192.0.2.9')
  })

  it('ends when the program that started it is gone', async () => {
    const relay = await start({})
    await relay.listening
    relay.child.disconnect()
    expect(await relay.ended).toBe(0)
  })

  it('says what is wrong with the configuration, where, and ends with 2', async () => {
    const { path, remove } = await testConfig({ metrics: { prot: 1 }, roles: ['exti'] })
    cleanUps.push(remove)
    const { code, output } = await run(['--config', path])
    expect(code).toBe(2)
    expect(output).toMatch(
      /^craftec-relay: .*relay\.yaml:\d+:\d+: roles\.0: expected one of "relay"\|"exit"\|"storage"$/m
    )
    expect(output).toMatch(/relay\.yaml:\d+:\d+: metrics\.prot: no such setting; did you mean "port"\?$/m)
    expect((await run(['--metrics-prot', '1'])).code).toBe(2)
  })

  it('ends with 3 when it cannot start, and says why at the terminal', async () => {
    const taken = await start({})
    const { addresses } = await taken.listening
    const port = /tcp\/(\d+)/.exec(addresses[0] ?? '')?.[1]
    const relay = await start({
      listen: { websocket: [`/ip4/127.0.0.1/tcp/${port}/ws`], webrtcDirect: [], webtransport: 'off' }
    })
    expect(await relay.ended).toBe(3)
    expect(relay.output()).toMatch(/craftec-relay: .*listen/)
  })

  it('checks and prints settings without starting', async () => {
    const { path, remove } = await testConfig({ metrics: { port: 1234 } })
    cleanUps.push(remove)
    expect(await run(['--config', path, '--check-config'])).toEqual({ code: 0, output: 'configuration is valid\n' })
    const printed = await run(['--config', path, '--print-config', '--metrics-port', '77'])
    expect(printed.output).toMatch(/^metrics:\n {2}enabled: true\n {2}host: 127\.0\.0\.1\n {2}port: 77$/m)
    expect((await run(['--version'])).output).toMatch(/^\d+\.\d+\.\d+\n$/)
    const help = await run(['--help'])
    expect(help.code).toBe(0)
    for (const part of ['--exit-policy', '--metrics-port', 'Exit codes:', 'Examples:', 'devnet'])
      expect(help.output).toContain(part)
  })
})
