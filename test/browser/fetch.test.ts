/** Where the browser's own Response, streams and decompression differ from Node's. The rules are proven in sdk/net/fetch. */
import { expect } from 'chai'
import { systemClock } from '../../sdk/async/index.ts'
import { CraftecError } from '../../sdk/errors/index.ts'
import { NetFetch, type NetFetchInit } from '../../sdk/net/fetch/index.ts'
import { createCraftecWorker } from '../../workers/index.ts'
import { ScriptedTarget } from '../kit/scripted-target.ts'

const PLAIN: NetFetchInit = { allowInsecure: true }
/** Nobody listens there. */
const DEAD = '/ip4/127.0.0.1/tcp/9/ws/p2p/12D3KooWGRUVh9fbJCPaM2HYmEwaVpNyHYwyPkLXvHpTQGpyCvtn'

function network(): { net: NetFetch; target: ScriptedTarget } {
  const target = new ScriptedTarget()
  const trace = { circuitId: 'c', path: [], hopRoundTripsMs: [], buildMs: 1, directoryMs: 0, circuitMs: 0, retries: 0 }
  const net = new NetFetch({
    openStream: async () => ({ duplex: target.client, opened: Promise.resolve(), trace }),
    defaultHops: 3,
    clock: systemClock
  })
  return { net, target }
}

async function answered(
  answer: string | Uint8Array,
  init: NetFetchInit = {}
): Promise<{ response: Response; sent: string; target: ScriptedTarget }> {
  const { net, target } = network()
  const fetching = net.fetch('http://a.test/page#part', { ...PLAIN, ...init })
  const sent = await target.until('\r\n\r\n')
  await target.send(answer)
  return { response: await fetching, sent, target }
}

async function codeOf(task: Promise<unknown>): Promise<string> {
  return task.then(
    () => 'no error',
    error => (error instanceof CraftecError ? error.code : `untyped: ${String(error)}`)
  )
}

async function gzipped(text: string): Promise<Uint8Array> {
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream('gzip'))
  return new Uint8Array(await new Response(stream).arrayBuffer())
}

function withHead(head: string, body: Uint8Array): Uint8Array {
  const start = new TextEncoder().encode(head)
  const all = new Uint8Array(start.length + body.length)
  all.set(start)
  all.set(body, start.length)
  return all
}

describe('fetch in a browser', () => {
  it('gives a real Response with its URL, which can be cloned', async () => {
    const { response } = await answered('HTTP/1.1 200 Fine\r\nContent-Length: 2\r\nX-A: b\r\nSet-Cookie: a=b\r\n\r\nok')
    expect(response).to.be.instanceOf(Response)
    const clone = response.clone()
    expect([response.status, response.statusText, response.url, response.redirected]).to.deep.equal([
      200,
      'Fine',
      'http://a.test/page',
      false
    ])
    expect(clone.url).to.equal(response.url)
    expect(response.headers.get('x-a')).to.equal('b')
    expect(response.headers.get('set-cookie')).to.equal(null)
    expect(await response.text()).to.equal('ok')
    expect(await clone.text()).to.equal('ok')
  })

  it('sends nothing of this browser', async () => {
    const { sent } = await answered('HTTP/1.1 204 No Content\r\n\r\n')
    expect(sent).to.equal(
      'GET /page HTTP/1.1\r\nHost: a.test\r\nuser-agent: Mozilla/5.0 (compatible; craftec-web)\r\naccept: */*\r\n' +
        'accept-language: en-US,en;q=0.5\r\naccept-encoding: gzip, deflate\r\n\r\n'
    )
  })

  for (const status of [204, 205, 304]) {
    it(`gives ${status} without a body`, async () => {
      const { response } = await answered(`HTTP/1.1 ${status} x\r\nContent-Length: 0\r\n\r\n`)
      expect([response.status, response.body]).to.deep.equal([status, null])
    })
  }

  it('streams, decompresses, and tells a cut from an end', async () => {
    const text = 'again and again '.repeat(10_000)
    const data = await gzipped(text)
    const head = (length: number): string =>
      `HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: ${length}\r\n\r\n`
    const whole = await answered(withHead(head(data.length), data))
    expect(await whole.response.text()).to.equal(text)
    for (const keep of [1, 20, data.length - 1]) {
      const cut = await answered(withHead(head(keep), data.subarray(0, keep)))
      expect(await codeOf(cut.response.text())).to.equal('body-truncated')
    }
    const { response, target } = await answered('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this')
    await target.end()
    expect(await codeOf(response.text())).to.equal('body-truncated')
  })

  it('ends with the signal, body included', async () => {
    const controller = new AbortController()
    const { response, target } = await answered('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this', {
      signal: controller.signal
    })
    const text = codeOf(response.text())
    controller.abort()
    expect(await text).to.equal('aborted')
    expect(await target.ended()).to.equal('aborted')
  })

  it('sends forms and takes Requests', async () => {
    const { net, target } = network()
    const form = new FormData()
    form.set('file', new File(['inside'], 'name.txt'))
    const request = new Request('http://a.test/', { method: 'POST', body: form })
    const fetching = net.fetch(request, PLAIN)
    const sent = await target.until('inside')
    expect(sent).to.match(/content-type: multipart\/form-data; boundary=/i)
    await target.send('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
    expect((await fetching).status).to.equal(200)
  })
})

describe('a node in a worker, without a network', () => {
  it('fails in time with the code of the reason, on the page', async () => {
    await using craft = await createCraftecWorker({ bootstrap: [DEAD], storage: 'memory' })
    expect(await codeOf(craft.net.fetch('http://127.0.0.1:1/', { ...PLAIN, timeoutMs: 5_000 }))).to.equal(
      'bootstrap-unreachable'
    )
    expect(await codeOf(craft.net.fetch('http://127.0.0.1:1/'))).to.equal('insecure-url')
    expect(await codeOf(craft.net.fetch('http://a.test/', { ...PLAIN, signal: AbortSignal.abort() }))).to.equal(
      'aborted'
    )
    expect(await codeOf(craft.net.explain(new Response()))).to.equal('invalid-argument')
  })

  it('a call that waits ends with the worker, and stop can be called twice', async () => {
    const craft = await createCraftecWorker({ bootstrap: [DEAD], storage: 'memory' })
    const waiting = codeOf(craft.net.fetch('http://127.0.0.1:1/', PLAIN))
    await Promise.all([craft.stop(), craft.stop()])
    expect(await waiting).to.be.oneOf(['stopped', 'bootstrap-unreachable'])
    expect(await codeOf(craft.net.fetch('http://127.0.0.1:1/', PLAIN))).to.equal('stopped')
    expect(craft.state).to.deep.equal({ status: 'stopped' })
  })

  it('refuses what createCraftec refuses', async () => {
    expect(await codeOf(createCraftecWorker({ bootstrap: [] }))).to.equal('invalid-argument')
    expect(await codeOf(createCraftecWorker({ bootstrap: [DEAD], hop: 1 } as never))).to.equal('unknown-option')
  })

  it('says when its module cannot be loaded', async () => {
    expect(await codeOf(createCraftecWorker({ bootstrap: [DEAD], workerUrl: '/nowhere.js' }))).to.equal('unsupported')
  })
})
