import { describe, expect, it } from 'vitest'
import { ScriptedTarget } from '../../../test/kit/scripted-target.ts'
import { CraftecError } from '../../errors/index.ts'
import { HttpConnection, type HttpRequest } from './http-connection.ts'

const GET: HttpRequest = { method: 'GET', target: '/a', authority: 'host.test', headers: [['Accept', '*/*']] }
const never = new AbortController().signal

function connect(): { target: ScriptedTarget; connection: HttpConnection } {
  const target = new ScriptedTarget()
  return { target, connection: new HttpConnection(target.client) }
}

function text(body: ReadableStream<Uint8Array>): Promise<string> {
  return new Response(body as ReadableStream<Uint8Array<ArrayBuffer>>).text()
}

async function codeOf(task: Promise<unknown>): Promise<string | undefined> {
  try {
    await task
  } catch (error) {
    return error instanceof CraftecError ? error.code : `untyped: ${String(error)}`
  }
  return undefined
}

describe('HttpConnection', () => {
  it('sends exactly the request and reads exactly the answer', async () => {
    const { target, connection } = connect()
    const exchanging = connection.exchange(GET, never)
    expect(await target.until('\r\n\r\n')).toBe('GET /a HTTP/1.1\r\nHost: host.test\r\nAccept: */*\r\n\r\n')
    await target.send('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello')
    const { head, body, finished } = await exchanging
    expect(head.status).toBe(200)
    expect(await text(body)).toBe('hello')
    expect(await finished).toBe(true)
  })

  it('carries one exchange after another on one connection', async () => {
    const { target, connection } = connect()
    for (const turn of [1, 2, 3]) {
      const exchanging = connection.exchange(GET, never)
      await target.until('\r\n\r\n', turn)
      await target.send(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n${turn}\r\n0\r\n\r\n`)
      const { body, finished } = await exchanging
      expect(await text(body)).toBe(String(turn))
      expect(await finished).toBe(true)
    }
  })

  it.each([
    ['the target says close', 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\na'],
    ['bytes follow the answer', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\naHTTP/1.1 200 OK\r\n']
  ])('is not used again when %s', async (_, answer) => {
    const { target, connection } = connect()
    const exchanging = connection.exchange(GET, never)
    await target.until('\r\n\r\n')
    await target.send(answer)
    const { body, finished } = await exchanging
    expect(await text(body)).toBe('a')
    expect(await finished).toBe(false)
    expect(await target.ended()).toBe('aborted')
  })

  it('sends a body of known length as it is', async () => {
    const { target, connection } = connect()
    const exchanging = connection.exchange(
      { ...GET, method: 'POST', body: { kind: 'bytes', bytes: new TextEncoder().encode('data') } },
      never
    )
    expect(await target.until('\r\n\r\ndata')).toContain('Content-Length: 4\r\n')
    await target.send('HTTP/1.1 204 No Content\r\n\r\n')
    expect(await (await exchanging).finished).toBe(true)
  })

  it('sends a stream in chunks, and reads the stream no faster than the target reads', async () => {
    const { target, connection } = connect()
    let pulled = 0
    const stream = new ReadableStream<Uint8Array>(
      {
        pull: controller => {
          pulled++
          if (pulled > 100) controller.close()
          else controller.enqueue(new Uint8Array(1000).fill(0x78))
        }
      },
      { highWaterMark: 0 }
    )
    const exchanging = connection.exchange({ ...GET, method: 'PUT', body: { kind: 'stream', stream } }, never)
    await target.until('Transfer-Encoding: chunked\r\n\r\n')
    expect(pulled).toBeLessThan(40)
    const received = await target.until('\r\n0\r\n\r\n')
    expect(received.split('3e8\r\n').length - 1).toBe(100)
    await target.send('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
    expect(await (await exchanging).finished).toBe(true)
  })

  it('gives an early answer although the upload goes on, and then is not used again', async () => {
    const { target, connection } = connect()
    const stream = new ReadableStream<Uint8Array>({ pull: controller => controller.enqueue(new Uint8Array(64_000)) })
    const exchanging = connection.exchange({ ...GET, method: 'POST', body: { kind: 'stream', stream } }, never)
    await target.until('\r\n\r\n')
    await target.send('HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n')
    const { head, finished } = await exchanging
    expect(head.status).toBe(413)
    expect(await finished).toBe(false)
  })

  it('fails with the cause when the upload stream fails', async () => {
    const { target, connection } = connect()
    const cause = new Error('the disk is gone')
    const stream = new ReadableStream<Uint8Array>({ start: controller => controller.error(cause) })
    const exchanging = connection.exchange({ ...GET, method: 'POST', body: { kind: 'stream', stream } }, never)
    await expect(exchanging).rejects.toMatchObject({ code: 'aborted', cause })
    expect(await target.ended()).toBe('aborted')
  })

  it('refuses a stream of something else than bytes', async () => {
    const { connection } = connect()
    const stream = new ReadableStream<unknown>({
      start: controller => controller.enqueue('text')
    }) as ReadableStream<Uint8Array>
    expect(await codeOf(connection.exchange({ ...GET, method: 'POST', body: { kind: 'stream', stream } }, never))).toBe(
      'invalid-argument'
    )
  })

  it('does not read on while nobody reads the body', async () => {
    const { target, connection } = connect()
    const exchanging = connection.exchange(GET, never)
    await target.until('\r\n\r\n')
    await target.send('HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n')
    const { body } = await exchanging
    let sent = 0
    const sending = (async () => {
      for (; sent < 1000; sent++) await target.send(new Uint8Array(1000))
    })()
    const reader = body.getReader()
    await reader.read()
    // One chunk was taken; the pair holds at most its own marks (16 and 16).
    expect(sent).toBeLessThan(40)
    let bytes = 1000
    for (let part = await reader.read(); !part.done; part = await reader.read()) bytes += part.value.length
    await sending
    expect(bytes).toBe(1_000_000)
  })

  it.each([
    ['of known length', 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc'],
    ['in chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n']
  ])('a body %s that the target cuts is an error, never an end', async (_, answer) => {
    const { target, connection } = connect()
    const exchanging = connection.exchange(GET, never)
    await target.until('\r\n\r\n')
    await target.send(answer)
    await target.end()
    const { body, finished } = await exchanging
    expect(await codeOf(text(body))).toBe('body-truncated')
    expect(await finished).toBe(false)
  })

  it('a body that runs until the end fails with the link, and ends only with its end', async () => {
    for (const how of ['end', 'fail'] as const) {
      const { target, connection } = connect()
      const exchanging = connection.exchange(GET, never)
      await target.until('\r\n\r\n')
      await target.send('HTTP/1.1 200 OK\r\n\r\nabc')
      const { body } = await exchanging
      const reader = body.getReader()
      expect(new TextDecoder().decode((await reader.read()).value)).toBe('abc')
      if (how === 'end') await target.end()
      else target.fail(new CraftecError('circuit-destroyed', 'a relay went away'))
      const last = reader.read()
      if (how === 'end') expect(await last).toEqual({ done: true, value: undefined })
      else await expect(last).rejects.toMatchObject({ code: 'circuit-destroyed' })
    }
  })

  it('the signal ends an exchange that waits, and a body that is read', async () => {
    const reason = new CraftecError('timeout', 'too late')
    const waiting = new AbortController()
    const first = connect()
    const exchanging = first.connection.exchange(GET, waiting.signal)
    await first.target.until('\r\n\r\n')
    waiting.abort(reason)
    await expect(exchanging).rejects.toBe(reason)
    expect(await first.target.ended()).toBe('aborted')

    const reading = new AbortController()
    const second = connect()
    const answered = second.connection.exchange(GET, reading.signal)
    await second.target.until('\r\n\r\n')
    // Until-close, where a cancelled link looks most like a clean end.
    await second.target.send('HTTP/1.1 200 OK\r\n\r\nabc')
    const reader = (await answered).body.getReader()
    await reader.read()
    const last = reader.read()
    reading.abort(reason)
    await expect(last).rejects.toBe(reason)
  })

  it('notices in the pool that the target closed', async () => {
    const { target, connection } = connect()
    const lost = new Promise<void>(resolve => connection.watchIdle(resolve))
    await target.end()
    await lost
    expect(connection.idle).toBe(false)
    expect(await codeOf(connection.exchange(GET, never))).toBe('link-closed')
  })

  it('cancelling the body closes the connection', async () => {
    const { target, connection } = connect()
    const exchanging = connection.exchange(GET, never)
    await target.until('\r\n\r\n')
    await target.send('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc')
    const { body, finished } = await exchanging
    await body.cancel()
    expect(await finished).toBe(false)
    expect(await target.ended()).toBe('aborted')
  })
})
