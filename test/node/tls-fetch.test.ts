/** `https:` through net.fetch, with no engine given: TLS ends here, and what carries the bytes sees ciphertext. */
import { once } from 'node:events'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../sdk/async/index.ts'
import { createTls13Engine, NetFetch, type OpenStream } from '../../sdk/net/fetch/index.ts'
import { dnsName, makeCertificate, makeLeaf, makeRoot, subjectAltName, testKey } from '../kit/certificate-maker.ts'
import { loopbackNetwork } from '../kit/loopback-network.ts'

const SECRET = 'the exit must not read this'
const root = makeRoot('Fetch Root')
const leaf = makeLeaf(root, { extensions: [subjectAltName(dnsName('site.test'), dnsName('other.test'))] })
const key = testKey('P-256', 'leaf').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string

let server: Server
let port: number
let connections = 0

beforeAll(async () => {
  server = createServer({ cert: leaf.pem, key }, async (request, response) => {
    const body: Buffer[] = []
    for await (const piece of request) body.push(piece as Buffer)
    if (request.url === '/cut') {
      response.writeHead(200, { 'content-length': '100' })
      response.write('half', () => request.socket.destroy())
    } else if (request.url === '/away') response.writeHead(302, { location: `https://other.test:${port}/` }).end()
    else response.end(`${SECRET} ${Buffer.concat(body)}`)
  })
  server.on('connection', () => connections++)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  port = (server.address() as AddressInfo).port
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

/** A network that keeps a copy of every byte, as a curious exit would. */
function wiretapped(): { openStream: OpenStream; overheard: () => string } {
  const pieces: Uint8Array[] = []
  const tap = () =>
    new TransformStream<Uint8Array, Uint8Array>({
      transform(piece, controller) {
        pieces.push(piece)
        controller.enqueue(piece)
      }
    })
  const { openStream } = loopbackNetwork()
  return {
    openStream: async request => {
      const stream = await openStream(request)
      const up = tap()
      void up.readable.pipeTo(stream.duplex.writable).catch(() => {})
      return { ...stream, duplex: { readable: stream.duplex.readable.pipeThrough(tap()), writable: up.writable } }
    },
    overheard: () => Buffer.concat(pieces).toString('latin1')
  }
}

const client = (openStream: OpenStream, roots = [root.pem]): NetFetch =>
  new NetFetch({ openStream, defaultHops: 3, clock: systemClock, tls: createTls13Engine({ roots }) })
const url = (path = '/', host = 'site.test') => `https://${host}:${port}${path}`

describe('https over a circuit', () => {
  it('fetches, posts and redirects, and the way sees nothing but ciphertext', async () => {
    const { openStream, overheard } = wiretapped()
    const net = client(openStream)
    expect(await (await net.fetch(url())).text()).toContain(SECRET)
    const posted = await net.fetch(url('/'), { method: 'POST', body: 'upload-marker' })
    expect(await posted.text()).toContain('upload-marker')
    const redirected = await net.fetch(url('/away'))
    expect(redirected.url).toBe(url('/', 'other.test'))
    expect(await redirected.text()).toContain(SECRET)
    // The name travels in the clear, which shows that the tap works.
    expect(overheard()).toContain('site.test')
    for (const plain of [SECRET, 'upload-marker', 'HTTP/1.1']) expect(overheard()).not.toContain(plain)
  })

  it('keeps the connection for the next request', async () => {
    const net = client(loopbackNetwork().openStream)
    const before = connections
    for (let count = 0; count < 3; count++) await (await net.fetch(url())).text()
    expect(connections - before).toBe(1)
  })

  it('a cut body is an error', async () => {
    const response = await client(loopbackNetwork().openStream).fetch(url('/cut'))
    await expect(response.text()).rejects.toMatchObject({
      code: expect.stringMatching(/^(tls-truncated|body-truncated)$/)
    })
  })

  it.each([
    ['a name the certificate is not for', () => url('/', 'third.test'), [root.pem], 'tls-certificate-name-mismatch'],
    ['an unknown issuer', () => url(), [makeRoot('Somebody').pem], 'tls-certificate-untrusted'],
    [
      'roots of which one has the right name only',
      () => url(),
      [makeCertificate({ key: testKey('P-256', 'fake'), subject: 'Fetch Root' }).pem],
      'tls-certificate-untrusted'
    ]
  ])('says what is wrong: %s', async (_, target, roots, code) => {
    await expect(client(loopbackNetwork().openStream, roots).fetch(target())).rejects.toMatchObject({ code })
  })

  it("trusts Mozilla's roots unless told otherwise, so not this test's", async () => {
    const net = new NetFetch({ openStream: loopbackNetwork().openStream, defaultHops: 3, clock: systemClock })
    await expect(net.fetch(url())).rejects.toMatchObject({ code: 'tls-certificate-untrusted' })
  })

  it("gives the exit's reason when the stream never opened", async () => {
    const unused = createServer()
    unused.listen(0, '127.0.0.1')
    await once(unused, 'listening')
    const { port: closed } = unused.address() as AddressInfo
    unused.close()
    await once(unused, 'close')
    await expect(client(loopbackNetwork().openStream).fetch(`https://site.test:${closed}/`)).rejects.toMatchObject({
      cause: { code: 'ECONNREFUSED' }
    })
  })
})
