import { describe, expect, it } from 'vitest'
import { ManualClock } from '../../../test/kit/manual-clock.ts'
import { StreamPair } from '../../../test/kit/stream-pair.ts'
import { CraftecError } from '../../errors/index.ts'
import type { ByteDuplex } from '../http/index.ts'
import type { ExitBackend } from './exit-backend.ts'
import { bridgeToExit } from './exit-bridge.ts'

/** A target whose reading and writing the test sees and decides. */
class FakeTarget {
  readonly received: number[] = []
  readonly log: string[] = []
  send = (_bytes: Uint8Array): void => {}
  finish = (): void => {}
  fail = (_error: Error): void => {}
  /** Writes take until it resolves. */
  mayTake = Promise.resolve()

  duplex(): ByteDuplex {
    return {
      readable: new ReadableStream<Uint8Array>({
        start: controller => {
          this.send = bytes => controller.enqueue(bytes)
          this.finish = () => controller.close()
          this.fail = error => controller.error(error)
        },
        cancel: () => void this.log.push('cancelled')
      }),
      writable: new WritableStream<Uint8Array>({
        write: async chunk => {
          await this.mayTake
          this.received.push(...chunk)
        },
        close: () => void this.log.push('closed'),
        abort: () => void this.log.push('aborted')
      })
    }
  }
}

async function bridged(
  connect: ExitBackend['connect']
): Promise<{ pair: StreamPair; done: Promise<void>; clock: ManualClock }> {
  const pair = new StreamPair()
  const clock = new ManualClock()
  const done = bridgeToExit(pair.far, { backend: { connect }, clock, connectTimeoutMs: 1000 })
  await pair.settle()
  return { pair, done, clock }
}

describe('exit bridge', () => {
  it('carries bytes and ends both ways, and finishes the target after its last slow write', async () => {
    const target = new FakeTarget()
    const { pair, done } = await bridged(async () => target.duplex())
    const gate = Promise.withResolvers<void>()
    target.mayTake = gate.promise
    target.send(Uint8Array.of(7))
    target.finish()
    pair.near.write(Uint8Array.of(1, 2, 3))
    pair.near.end()
    await pair.settle()
    expect(pair.near.read()).toEqual(Uint8Array.of(7))
    await pair.settle()
    // Both directions are finished as far as the circuit knows; the target still has to take the bytes.
    expect(pair.ended).toEqual([undefined])
    expect(target.received).toEqual([])
    gate.resolve()
    await done
    expect(target.received).toEqual([1, 2, 3])
    expect(target.log).toEqual(['closed'])
  })

  it('tells the client why the target was not reached', async () => {
    const { pair } = await bridged(() => Promise.reject(new CraftecError('name-not-resolved', 'no such host')))
    expect(pair.ended).toMatchObject([{ code: 'name-not-resolved' }])
  })

  it('gives up connecting at its deadline, and drops a connection that comes too late', async () => {
    const target = new FakeTarget()
    const late = Promise.withResolvers<ByteDuplex>()
    const { pair, done, clock } = await bridged(() => late.promise)
    clock.advance(1000)
    await done
    await pair.settle()
    expect(pair.ended).toMatchObject([{ code: 'timeout' }])
    late.resolve(target.duplex())
    await pair.settle()
    expect(target.log.toSorted()).toEqual(['aborted', 'cancelled'])
  })

  it('stops connecting when the client resets the stream', async () => {
    const signals: AbortSignal[] = []
    const { pair, done } = await bridged((_, { signal }) => {
      signals.push(signal)
      return new Promise(() => {})
    })
    pair.near.reset(0)
    await pair.settle()
    await done
    expect(signals[0]?.aborted).toBe(true)
  })

  it('resets the target when the client resets the stream, and the stream when the target breaks', async () => {
    const target = new FakeTarget()
    const { pair, done } = await bridged(async () => target.duplex())
    pair.near.reset(0)
    await pair.settle()
    await done
    expect(target.log.toSorted()).toEqual(['aborted', 'cancelled'])
    const broken = new FakeTarget()
    const other = await bridged(async () => broken.duplex())
    broken.fail(new Error('connection reset'))
    await other.pair.settle()
    expect(other.pair.ended).toMatchObject([{ code: 'stream-reset' }])
    await other.done
    expect(broken.log).toEqual(['aborted'])
  })
})
