/** The promise that the exit never sees HTTPS plaintext: `craft.net.fetch` through three relays, wiretapped behind the exit. */
import { once } from 'node:events'
import { createServer } from 'node:https'
import { type AddressInfo, connect, createServer as createTcpServer } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createCraftec } from '../../sdk/index.ts'
import { serveDirectory } from '../../sdk/net/index.ts'
import { ipName, makeLeaf, makeRoot, subjectAltName, testKey } from '../kit/certificate-maker.ts'
import { type LoopbackOnionNetwork, startLoopbackOnionNetwork } from '../kit/loopback-onion-network.ts'

const SECRET = 'nobody on the way may read this'
const root = makeRoot('Circuit Root')
const leaf = makeLeaf(root, { extensions: [subjectAltName(ipName(127, 0, 0, 1))] })
const key = testKey('P-256', 'leaf').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string

const site = createServer({ cert: leaf.pem, key }, (request, response) => {
  response.end(`${SECRET} ${request.headers['x-token']} ${'x'.repeat(300_000)}`)
})
/** Between exit and site: hears what the exit's own network hears. */
const overheard: Buffer[] = []
const tap = createTcpServer({ allowHalfOpen: true }, fromExit => {
  const toSite = connect({ port: (site.address() as AddressInfo).port, host: '127.0.0.1', allowHalfOpen: true })
  for (const [from, to] of [
    [fromExit, toSite],
    [toSite, fromExit]
  ] as const) {
    from.on('data', piece => overheard.push(piece))
    from.on('error', () => to.destroy())
    from.pipe(to)
  }
})

let network: LoopbackOnionNetwork
let bootstrap: string[]
let url: string

beforeAll(async () => {
  site.listen(0, '127.0.0.1')
  tap.listen(0, '127.0.0.1')
  await Promise.all([once(site, 'listening'), once(tap, 'listening')])
  url = `https://127.0.0.1:${(tap.address() as AddressInfo).port}/private`
  network = await startLoopbackOnionNetwork(6)
  const [entry] = network.relays
  if (!entry) throw new Error('no relay')
  serveDirectory(entry.node, network.directory)
  bootstrap = entry.node.addresses()
})
afterAll(async () => {
  await network?.stop()
  site.closeAllConnections()
  site.close()
  tap.close()
})

describe('https through three relays and an exit', () => {
  it('brings the answer home, and the exit carries ciphertext only', async () => {
    await using craft = await createCraftec({ bootstrap, net: { tlsRoots: [root.pem] } })
    const response = await craft.net.fetch(url, { headers: { 'x-token': 'my-token' } })
    expect(await response.text()).toContain(`${SECRET} my-token`)
    expect(craft.net.explain(response).path).toHaveLength(4)
    const heard = Buffer.concat(overheard).toString('latin1')
    expect(heard.length).toBeGreaterThan(300_000)
    for (const plain of [SECRET, 'my-token', '/private', 'HTTP/1.1', 'xxxxxxxx']) expect(heard).not.toContain(plain)
  })

  it('refuses the same site when its root is not trusted', async () => {
    await using craft = await createCraftec({ bootstrap })
    await expect(craft.net.fetch(url)).rejects.toMatchObject({ code: 'tls-certificate-untrusted' })
  })
})
