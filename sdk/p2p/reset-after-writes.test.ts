import type { MultiaddrConnection, UpgraderOptions } from '@libp2p/interface'
import { describe, expect, it } from 'vitest'
import { resetAfterWrites } from './reset-after-writes.ts'

/** A stream as @libp2p/webtransport makes it, over a sink whose writes end when the test says so. */
function heldStream() {
  const log: string[] = []
  const pending: (() => void)[] = []
  const sink: UnderlyingSink<Uint8Array> = {
    write: () => new Promise(resolve => pending.push(resolve)),
    abort: () => void log.push('aborted')
  }
  const writer = new WritableStream(sink, { highWaterMark: 4 }).getWriter()
  writer.closed.catch(() => {})
  const abort = writer.abort.bind(writer)
  writer.abort = reason => {
    log.push(`abort with ${pending.length} in flight`)
    return abort(reason)
  }
  const stream = { writer, sendReset: (error: Error) => void writer.abort(error).catch(() => {}) }
  return { stream, log, finishWrite: () => pending.shift()?.() }
}

/** The stream as the muxer hands it out, hooked. */
async function hooked(stream: object) {
  const muxerFactory = { protocol: '/webtransport', createStreamMuxer: () => ({ onCreateStream: async () => stream }) }
  resetAfterWrites({} as MultiaddrConnection, { muxerFactory } as unknown as UpgraderOptions)
  await muxerFactory.createStreamMuxer().onCreateStream()
}

const settled = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

describe('resetting a WebTransport stream', () => {
  it('as libp2p comes, aborts the writer with a write in flight, which can crash Chromium', async () => {
    const { stream, log } = heldStream()
    stream.writer.write(new Uint8Array(1)).catch(() => {})
    await settled()
    stream.sendReset(new Error('test'))
    expect(log[0]).toBe('abort with 1 in flight')
  })

  it('waits for the write in flight, then resets', async () => {
    const { stream, log, finishWrite } = heldStream()
    await hooked(stream)
    stream.writer.write(new Uint8Array(1)).catch(() => {})
    await settled()
    stream.sendReset(new Error('test'))
    await settled()
    expect(log).toEqual([])
    finishWrite()
    await settled()
    expect(log).toEqual(['abort with 0 in flight', 'aborted'])
  })

  it('resets at once when nothing is in flight', async () => {
    const { stream, log } = heldStream()
    await hooked(stream)
    stream.sendReset(new Error('test'))
    expect(log[0]).toBe('abort with 0 in flight')
  })
})
