/** What a local chain does with requests from pages and programs that mean it no good, or are merely broken. */
import { once } from 'node:events'
import { request } from 'node:http'
import { connect } from 'node:net'
import { Keypair } from '@solana/web3.js'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { type Chain, startChain } from '../../chain/index.ts'
import { ManualClock } from '../kit/manual-clock.ts'

const TOKEN_PROGRAM_ID = 'TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA'
const warnings: string[] = []
let chain: Chain

beforeAll(async () => {
  const log = { info: () => {}, warn: (text: string) => void warnings.push(text) }
  chain = await startChain({ manualBlocks: true, requestsPerSecond: 20_000, log })
})

afterAll(async () => {
  await chain.stop()
  expect(warnings).toEqual([])
})

interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

/** Unlike `fetch`, it lets a test choose Host and Origin. */
async function post(
  body: string,
  headers: Record<string, string> = {},
  method = 'POST',
  port = portOf(chain)
): Promise<Reply> {
  const sent = request({ host: '127.0.0.1', port, method, headers })
  sent.end(body)
  const [response] = await once(sent, 'response')
  const parts: Buffer[] = []
  for await (const part of response) parts.push(part)
  return { status: response.statusCode, headers: response.headers, body: Buffer.concat(parts).toString() }
}

function portOf({ url }: Chain): number {
  return Number(new URL(url).port)
}

function call(method: string, params: unknown): string {
  return JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })
}

async function errorOf(body: string): Promise<{ code: number; message: string } | undefined> {
  return JSON.parse((await post(body)).body).error
}

async function socket(headers: Record<string, string> = {}, port = portOf(chain)): Promise<WebSocket> {
  const client = new WebSocket(`ws://127.0.0.1:${port}`, { headers })
  await once(client, 'open')
  return client
}

describe('who may ask', () => {
  it('answers pages of this machine, with their origin and no other', async () => {
    for (const origin of ['http://localhost:5173', 'http://127.0.0.1:8080', 'https://localhost', 'http://[::1]:3000']) {
      const { status, headers } = await post(call('getHealth', []), { origin })
      expect([status, headers['access-control-allow-origin']]).toEqual([200, origin])
      const preflight = await post('', { origin, 'access-control-request-method': 'POST' }, 'OPTIONS')
      expect([preflight.status, preflight.headers['access-control-allow-origin']]).toEqual([204, origin])
    }
  })

  it.each(['https://evil.example', 'http://localhost.evil.example', 'http://127.0.0.1.nip.io', 'null', 'file://', 'x'])(
    'does nothing for a page of %s',
    async origin => {
      const to = Keypair.generate().publicKey.toBase58()
      const { status, headers } = await post(call('requestAirdrop', [to, 1_000_000_000]), { origin })
      expect([status, headers['access-control-allow-origin']]).toEqual([403, undefined])
      expect((await post('', { origin }, 'OPTIONS')).status).toBe(403)
      expect(JSON.parse((await post(call('getBalance', [to]))).body).result.value).toBe(0)
      await expect(socket({ origin })).rejects.toThrow('403')
    }
  )

  it.each(['evil.example', 'evil.example:8899', '127.0.0.1.evil.example', '0.0.0.0', '0x7f.1'])(
    'does nothing for a name that was made to point here: Host %j',
    async host => {
      expect((await post(call('getHealth', []), { host })).status).toBe(403)
      await expect(socket({ host })).rejects.toThrow('403')
    }
  )

  it('listens on the loopback address only', async () => {
    const { networkInterfaces } = await import('node:os')
    const outside = Object.values(networkInterfaces()).flatMap(list => (list ?? []).filter(({ internal }) => !internal))
    for (const { address, family } of outside.filter(({ family }) => family === 'IPv4')) {
      const attempt = connect({ host: address, port: portOf(chain), family: family === 'IPv4' ? 4 : 6 })
      const [error] = await once(attempt, 'error')
      expect(error.code).toBe('ECONNREFUSED')
    }
    expect(new URL(chain.url).hostname).toBe('127.0.0.1')
  })
})

describe('what may be asked', () => {
  it.each([
    ['', -32700],
    ['{', -32700],
    ['null', -32600],
    ['1', -32600],
    ['[]', -32600],
    ['{"id":1,"method":"getSlot"}', -32600],
    ['{"jsonrpc":"2.0","id":{},"method":"getSlot"}', -32600],
    [call('noSuchMethod', []), -32601],
    [call('constructor', []), -32601],
    [call('__proto__', []), -32601],
    [call('slotSubscribe', []), -32601],
    [call('craftec_advanceTime', [1]), -32601],
    [call('getBalance', []), -32602],
    [call('getBalance', ['not base58 !']), -32602],
    [call('getBalance', ['z'.repeat(44)]), -32602],
    [call('getBalance', { address: 'x' }), -32602],
    [call('getAccountInfo', [Keypair.generate().publicKey.toBase58(), { encoding: 'rot13' }]), -32602],
    [call('getMultipleAccounts', [Array(101).fill(Keypair.generate().publicKey.toBase58())]), -32602],
    [call('getSignatureStatuses', [Array(257).fill('1'.repeat(64))]), -32602],
    [call('sendTransaction', ['A'.repeat(5000), { encoding: 'base64' }]), -32602],
    [call('sendTransaction', ['****', { encoding: 'base64' }]), -32602],
    [call('requestAirdrop', [Keypair.generate().publicKey.toBase58(), 1e300]), -32602],
    [call('requestAirdrop', [Keypair.generate().publicKey.toBase58(), -1]), -32602],
    [call('getSlot', [{ minContextSlot: Number.MAX_SAFE_INTEGER }]), -32016]
  ])('answers %s with code %i', async (body, code) => {
    expect(await errorOf(body)).toMatchObject({ code })
  })

  it('refuses filters that are too many, too long, or not what they say', async () => {
    const program = Keypair.generate().publicKey.toBase58()
    const refused = [
      Array(5).fill({ dataSize: 1 }),
      [{ memcmp: { offset: 0, bytes: '1'.repeat(129) } }],
      [{ memcmp: { offset: 0, bytes: 'AA==AA', encoding: 'base64' } }],
      [{ memcmp: { offset: -1, bytes: '1' } }],
      [{ dataSize: 0.5 }]
    ]
    for (const filters of refused) {
      expect(await errorOf(call('getProgramAccounts', [program, { filters }]))).toMatchObject({ code: -32602 })
    }
  })

  it('answers whatever comes with one well-formed answer, and never by a defect', async () => {
    const methods = [
      'getAccountInfo',
      'getTransaction',
      'simulateTransaction',
      'sendTransaction',
      'getTokenAccountsByOwner'
    ]
    const anything = fc.oneof(fc.jsonValue(), fc.base64String({ maxLength: 200 }), fc.constant(chain.mint.address))
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...methods), fc.array(anything, { maxLength: 3 }), async (method, params) => {
        const { status, body } = await post(call(method, params))
        expect(status).toBe(200)
        const { jsonrpc, id, error } = JSON.parse(body)
        expect([jsonrpc, id]).toEqual(['2.0', 1])
        if (error !== undefined) expect(error.code).not.toBe(-32603)
      }),
      { numRuns: 200 }
    )
  })

  it('answers a batch in order, without its notifications', async () => {
    const items = [
      { jsonrpc: '2.0', id: 'a', method: 'getHealth' },
      { jsonrpc: '2.0', method: 'ping' },
      { jsonrpc: '2.0', id: 'b', method: 'nothing' }
    ]
    const answers = JSON.parse((await post(JSON.stringify(items))).body)
    expect(answers).toEqual([
      { jsonrpc: '2.0', id: 'a', result: 'ok' },
      { jsonrpc: '2.0', id: 'b', error: { code: -32601, message: 'Method not found' } }
    ])
    const batch = Array(101).fill({ jsonrpc: '2.0', id: 1, method: 'getHealth' })
    expect(await errorOf(JSON.stringify(batch))).toMatchObject({ code: -32005 })
  })

  it('refuses long bodies, announced or not, without reading them', async () => {
    expect((await post('x'.repeat(1024 * 1024 + 1))).status).toBe(413)
    const chunked = request({ host: '127.0.0.1', port: portOf(chain), method: 'POST' })
    chunked.on('error', () => {})
    chunked.write('x'.repeat(600_000))
    chunked.write('x'.repeat(600_000))
    const [response] = await once(chunked, 'response')
    expect(response.statusCode).toBe(413)
    chunked.destroy()
    expect((await post('', {}, 'DELETE')).status).toBe(405)
    expect((await post('', {}, 'GET')).status).toBe(405)
  })

  it('writes u64 in full', async () => {
    const { body } = await post(call('getAccountInfo', [chain.mint.address, { encoding: 'base64' }]))
    expect(body).toContain('"rentEpoch":18446744073709551615')
  })
})

describe('how much may be asked', () => {
  it('answers 429 over the rate, and again a second later', async () => {
    const clock = new ManualClock()
    const slow = await startChain({ manualBlocks: true, requestsPerSecond: 10, clock })
    try {
      const ask = async (): Promise<Reply> => post(call('getHealth', []), {}, 'POST', portOf(slow))
      for (let count = 0; count < 20; count++) expect((await ask()).status).toBe(200)
      expect(await ask()).toMatchObject({ status: 429, headers: { 'retry-after': '1' } })
      clock.advance(1_000)
      for (let count = 0; count < 10; count++) expect((await ask()).status).toBe(200)
      expect((await ask()).status).toBe(429)
    } finally {
      await slow.stop()
    }
  })

  it('bounds the subscriptions of a connection, and lets no connection end those of another', async () => {
    const [one, other] = [await socket(), await socket({}, portOf(chain) + 1)]
    const ask = async (
      client: WebSocket,
      id: number,
      method: string,
      params: unknown
    ): Promise<Record<string, unknown>> => {
      client.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }))
      for (;;) {
        const [data] = await once(client, 'message')
        const answer = JSON.parse(String(data))
        if (answer.id === id) return answer
      }
    }
    const { result: mine } = await ask(one, 1, 'slotSubscribe', [])
    expect(await ask(other, 2, 'slotUnsubscribe', [mine])).toMatchObject({ error: { code: -32602 } })
    for (let id = 3; id < 1002; id++) expect(await ask(one, id, 'slotSubscribe', [])).toHaveProperty('result')
    expect(await ask(one, 2000, 'slotSubscribe', [])).toMatchObject({ error: { code: -32005 } })
    expect(await ask(one, 2001, 'slotUnsubscribe', [mine])).toMatchObject({ result: true })
    one.terminate()
    other.terminate()
  })

  it('goes on when somebody subscribes to what cannot be encoded as they asked', async () => {
    const owner = Keypair.generate().publicKey.toBase58()
    const client = await socket()
    const heard: Record<string, unknown>[] = []
    client.on('message', data => heard.push(JSON.parse(String(data))))
    const program = TOKEN_PROGRAM_ID
    client.send(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'programSubscribe', params: [program] }))
    await expect.poll(() => heard.length).toBe(1)
    expect(JSON.parse((await post(call('craftec_requestTokens', [owner, 1]))).body)).toHaveProperty('result')
    await expect.poll(() => JSON.stringify(heard)).toContain('data too large for bs58 encoding')
    expect(await errorOf(call('getTokenAccountsByOwner', [owner, { programId: program }]))).toMatchObject({
      code: -32602
    })
    client.terminate()
  })

  it('ends connections that send bytes, or too much, and goes on', async () => {
    for (const message of [Buffer.from([1, 2, 3]), 'x'.repeat(1024 * 1024 + 1)]) {
      const client = await socket()
      client.on('error', () => {})
      client.send(message)
      const [code] = await once(client, 'close')
      expect([1003, 1009]).toContain(code)
    }
    expect((await post(call('getHealth', []))).status).toBe(200)
  })

  it('takes no more than 64 connections', async () => {
    const clients = await Promise.all(Array.from({ length: 64 }, () => socket()))
    await expect(socket()).rejects.toThrow('503')
    await Promise.all(
      clients.map(client => {
        client.close()
        return once(client, 'close')
      })
    )
    await expect
      .poll(() =>
        socket()
          .then(client => client.terminate())
          .then(
            () => 'open',
            () => 'refused'
          )
      )
      .toBe('open')
  })
})
