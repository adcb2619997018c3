import { describe, expect, it } from 'vitest'
import { StreamPair } from '../../../test/kit/stream-pair.ts'
import { CraftecError } from '../../errors/index.ts'
import { type MuxStream, STREAM_WINDOW_BYTES } from '../circuit/index.ts'
import { type StreamDuplex, streamDuplex } from './stream-duplex.ts'

interface Fixture {
  readonly pair: StreamPair
  readonly duplex: StreamDuplex
  readonly ends: unknown[]
}

async function connected(): Promise<Fixture> {
  const pair = new StreamPair()
  const ends: unknown[] = []
  const duplex = streamDuplex({ stream: pair.near, connected: () => {}, ended: error => ends.push(error) })
  pair.far.accept()
  await pair.settle()
  return { pair, duplex, ends }
}

function readAll(stream: MuxStream): number[] {
  const all: number[] = []
  for (let bytes = stream.read(); bytes !== undefined; bytes = stream.read()) all.push(...bytes)
  return all
}

const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'no error',
    error => (error instanceof CraftecError ? error.code : String(error))
  )

describe('stream of a circuit as WHATWG streams', () => {
  it('resolves a write when its bytes are on their way, so that the chunk may be used again', async () => {
    const { pair, duplex } = await connected()
    const writer = duplex.writable.getWriter()
    const chunk = new Uint8Array(3 * 4003).fill(1)
    let written = false
    const writing = writer.write(chunk).then(() => {
      written = true
    })
    await Promise.resolve()
    expect(written).toBe(false)
    await pair.settle()
    await writing
    chunk.fill(9)
    expect(readAll(pair.far)).toEqual(new Array(chunk.length).fill(1))
  })

  it('takes nothing from the window before somebody reads', async () => {
    const { pair, duplex } = await connected()
    pair.far.write(new Uint8Array(2 * STREAM_WINDOW_BYTES))
    await pair.settle()
    expect(pair.far.bufferedBytes).toBe(STREAM_WINDOW_BYTES)
    const reader = duplex.readable.getReader()
    let read = 0
    while (read < STREAM_WINDOW_BYTES) read += (await reader.read()).value?.length ?? 0
    await pair.settle()
    expect(pair.far.bufferedBytes).toBe(0)
  })

  it('ends the readable when the far end finishes, and the far end when the writable closes', async () => {
    const { pair, duplex, ends } = await connected()
    pair.far.end()
    await pair.settle()
    expect(await duplex.readable.getReader().read()).toMatchObject({ done: true })
    await duplex.writable.close()
    await pair.settle()
    expect(pair.far.readEnded).toBe(true)
    expect(ends).toEqual([undefined])
  })

  it.each(['cancel', 'abort'] as const)('resets both directions on %s', async how => {
    const { pair, duplex } = await connected()
    if (how === 'cancel') await duplex.readable.cancel()
    else await duplex.writable.abort()
    await pair.settle()
    expect(pair.far.isOver).toBe(true)
    expect(await codeOf(duplex.writable.getWriter().write(Uint8Array.of(1)))).not.toBe('no error')
  })

  it('fails a read and a write that wait when the circuit ends', async () => {
    const { pair, duplex } = await connected()
    const reading = codeOf(duplex.readable.getReader().read())
    const writing = codeOf(duplex.writable.getWriter().write(new Uint8Array(2 * STREAM_WINDOW_BYTES)))
    await pair.settle()
    pair.close(new CraftecError('circuit-destroyed', 'gone'))
    expect([await reading, await writing]).toEqual(['circuit-destroyed', 'circuit-destroyed'])
  })

  it('refuses chunks that are no bytes', async () => {
    const { pair, duplex } = await connected()
    const writer = duplex.writable.getWriter() as WritableStreamDefaultWriter<unknown>
    expect(await codeOf(writer.write('text'))).toBe('invalid-argument')
    await pair.settle()
    expect(pair.far.isOver).toBe(true)
  })
})
