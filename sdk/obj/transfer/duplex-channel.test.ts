import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CraftecError } from '../../errors/index.ts'
import { identityFromSeed } from '../../identity/index.ts'
import { DuplexChannel, duplexPair } from './duplex-channel.ts'

const { peerId, publicKey } = identityFromSeed(new Uint8Array(32).fill(1))
const info = { remotePeer: peerId, remoteKey: publicKey, direction: 'outbound', maxFrameBytes: 1000 } as const

function channels(): readonly [DuplexChannel, DuplexChannel] {
  const [near, far] = duplexPair(2000)
  return [new DuplexChannel(near, info), new DuplexChannel(far, info)]
}

describe('channel over a byte stream', () => {
  it('delivers frames whole and in order, however the stream cuts its bytes', async () => {
    const frames = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 20 })
    await fc.assert(
      fc.asyncProperty(frames, fc.integer({ min: 1, max: 97 }), async (sent, chunk) => {
        const [near, far] = duplexPair()
        const cut = new TransformStream<Uint8Array, Uint8Array>({
          transform: (bytes, controller) => {
            for (let at = 0; at < bytes.length; at += chunk) controller.enqueue(bytes.slice(at, at + chunk))
          }
        })
        const from = new DuplexChannel(near, info)
        const to = new DuplexChannel({ readable: far.readable.pipeThrough(cut), writable: far.writable }, info)
        const received: Uint8Array[] = []
        const reading = (async () => {
          for await (const frame of to.frames()) received.push(frame)
        })()
        for (const frame of sent) await from.send(frame)
        await from.close()
        await reading
        expect(received).toEqual(sent)
      }),
      { numRuns: 40 }
    )
  })

  it('takes no more than its reader does', async () => {
    const [near] = channels()
    let taken = 0
    while (near.trySend(new Uint8Array(1000))) taken += 1004
    expect(taken).toBeLessThan(300_000)
    const controller = new AbortController()
    const waiting = near.send(new Uint8Array(1), { signal: controller.signal })
    controller.abort(new CraftecError('aborted', 'enough'))
    await expect(waiting).rejects.toMatchObject({ code: 'aborted' })
  })

  it('refuses frames over the limit, from either side', async () => {
    const [near, far] = duplexPair()
    const channel = new DuplexChannel(near, info)
    expect(() => channel.trySend(new Uint8Array(1001))).toThrow('at most 1000')
    const writer = far.writable.getWriter()
    void writer.write(Uint8Array.of(0xff, 0xff, 0xff, 0xff)).catch(() => {})
    await expect(channel.frames().next()).rejects.toMatchObject({ code: 'protocol-violation' })
    expect(await channel.closed).toMatchObject({ code: 'protocol-violation' })
  })

  it('says that it was cut, and ends waiting senders', async () => {
    const [near, far] = channels()
    while (near.trySend(new Uint8Array(1000)));
    const waiting = near.send(new Uint8Array(1))
    far.abort(new CraftecError('stopped', 'gone'))
    await expect(waiting).rejects.toMatchObject({ code: 'link-closed' })
    expect(await near.closed).toMatchObject({ code: 'link-closed' })
  })
})
