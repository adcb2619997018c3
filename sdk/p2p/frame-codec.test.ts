import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CraftecError } from '../errors/index.ts'
import { CONTROL_BIT, END_OF_FRAMES, frameCost, MAX_FRAME_BYTES, WINDOW_BYTES } from './frame-format.ts'
import { FrameReceiver } from './frame-receiver.ts'
import { BATCH_BYTES, FrameSender, QUEUE_BYTES } from './frame-sender.ts'

function word(value: number): Uint8Array {
  return new Uint8Array([value >>> 24, value >>> 16, value >>> 8, value])
}

function violation(run: () => unknown): boolean {
  try {
    run()
  } catch (error) {
    return error instanceof CraftecError && error.code === 'protocol-violation'
  }
  return false
}

/** Everything the sender has queued, as one piece. */
function drain(sender: FrameSender): Uint8Array {
  const batches: Uint8Array[] = []
  for (let batch = sender.next(); batch !== undefined; batch = sender.next()) batches.push(batch)
  return new Uint8Array(Buffer.concat(batches))
}

const frames = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 60 })
const cuts = fc.infiniteStream(fc.integer({ min: 1, max: 700 }))

describe('framed channel: bytes to frames', () => {
  it('gives back the frames that were sent, however the bytes are cut', () => {
    fc.assert(
      fc.property(frames, cuts, (sent, sizes) => {
        const sender = new FrameSender()
        const receiver = new FrameReceiver(300)
        for (const frame of sent) sender.push(frame)
        const bytes = drain(sender)
        const got: Uint8Array[] = []
        for (let at = 0; at < bytes.length; ) {
          const size = sizes.next().value
          receiver.push(bytes.subarray(at, at + size))
          at += size
          for (let frame = receiver.shift(); frame; frame = receiver.shift()) got.push(frame)
        }
        expect(got).toEqual(sent)
        expect(receiver.partial).toBe(false)
      })
    )
  })

  it('gives each frame a buffer of its own, so that it can be transferred and the input reused', () => {
    const receiver = new FrameReceiver(8)
    const input = new Uint8Array([0, 0, 0, 2, 7, 8])
    receiver.push(input)
    input.fill(0)
    const frame = receiver.shift()
    expect(frame).toEqual(new Uint8Array([7, 8]))
    expect(frame?.buffer.byteLength).toBe(2)
  })

  it('uses the memory of a frame again when its reader is done with it, and no sooner, if it may', () => {
    const lengths = fc.array(fc.constantFrom(0, 7, 200), { maxLength: 60 })
    fc.assert(
      fc.property(lengths, fc.array(fc.boolean(), { minLength: 60, maxLength: 60 }), (sizes, reads) => {
        const sender = new FrameSender()
        const receiver = new FrameReceiver(200, { reuseFrames: true })
        const unread: Uint8Array[] = []
        let inHand: readonly Uint8Array[] = []
        for (const [index, size] of sizes.entries()) {
          const frame = new Uint8Array(size).fill(index)
          sender.push(frame)
          unread.push(frame)
          receiver.push(drain(sender))
          const [got, sent] = inHand
          expect(got).toEqual(sent)
          if (!reads[index]) continue
          receiver.release()
          inHand = [receiver.shift(), unread.shift()].filter(bytes => bytes !== undefined)
        }
      })
    )
    const receiver = new FrameReceiver(9, { reuseFrames: true })
    const memory = [1, 2].map(byte => {
      receiver.push(new Uint8Array([0, 0, 0, 1, byte]))
      const frame = receiver.shift()
      receiver.release()
      return frame?.buffer
    })
    expect(memory[1]).toBe(memory[0])
  })

  it('takes as much unread as its window, widened to 3 MiB at most, and not a frame more', () => {
    const frame = new Uint8Array(65_536)
    const receiver = new FrameReceiver(frame.length)
    const sender = new FrameSender()
    expect(receiver.widen(WINDOW_BYTES)).toBe(0)
    sender.addCredit(receiver.widen(2 ** 30))
    expect(receiver.widen(2 ** 30)).toBe(0)
    let sent = 0
    for (; sender.accepts(frame.length); sent++) {
      sender.push(frame)
      receiver.push(drain(sender))
    }
    expect(sent).toBe(Math.floor((3 * WINDOW_BYTES) / frameCost(frame.length)))
    expect(violation(() => receiver.push(word(frame.length)))).toBe(true)
  })

  it('refuses a frame over the protocol limit from its header alone', () => {
    const receiver = new FrameReceiver(1_000)
    expect(violation(() => receiver.push(word(1_001)))).toBe(true)
  })

  it('never allows a limit above 256 KiB', () => {
    expect(violation(() => new FrameReceiver(2 ** 30).push(word(MAX_FRAME_BYTES + 1)))).toBe(true)
  })

  it('refuses reserved bits in a control frame and anything after the end', () => {
    expect(violation(() => new FrameReceiver(9).push(word(CONTROL_BIT + 0x100_0000)))).toBe(true)
    const receiver = new FrameReceiver(9)
    expect(receiver.push(word(END_OF_FRAMES))).toEqual({ credit: 0, ended: true })
    expect(violation(() => receiver.push(new Uint8Array([0])))).toBe(true)
  })

  it('knows when the end of the stream cuts a frame', () => {
    const receiver = new FrameReceiver(9)
    receiver.push(word(2).subarray(0, 3))
    expect(receiver.partial).toBe(true)
    receiver.push(new Uint8Array([2, 1]))
    expect(receiver.partial).toBe(true)
    receiver.push(new Uint8Array([1]))
    expect(receiver.partial).toBe(false)
  })

  it('holds no more than it allowed, whatever bytes arrive', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 64 }), { maxLength: 50 }), chunks => {
        const receiver = new FrameReceiver(1_000)
        try {
          for (const chunk of chunks) receiver.push(chunk)
        } catch (error) {
          expect(error).toBeInstanceOf(CraftecError)
        }
        expect(receiver.bufferedBytes).toBeLessThanOrEqual(WINDOW_BYTES)
      })
    )
  })
})

describe('framed channel: credit', () => {
  it('lets a stalled reader hold one window and resets a sender that goes on', () => {
    const receiver = new FrameReceiver(MAX_FRAME_BYTES)
    const frame = new Uint8Array(4 + 65_532)
    frame.set(word(65_532))
    for (let i = 0; i < 16; i++) receiver.push(frame)
    expect(receiver.bufferedBytes).toBeLessThanOrEqual(WINDOW_BYTES)
    expect(violation(() => receiver.push(word(0)))).toBe(true)
  })

  it('charges tiny frames enough that their number is bounded', () => {
    const receiver = new FrameReceiver(MAX_FRAME_BYTES)
    let taken = 0
    while (!violation(() => receiver.push(word(0)))) taken++
    expect(taken).toBe(WINDOW_BYTES / frameCost(0))
    expect(taken).toBeLessThanOrEqual(16_384)
  })

  it('gives credit back in steps of at least a quarter of the window, and only for frames the reader is done with', () => {
    const receiver = new FrameReceiver(MAX_FRAME_BYTES)
    const bytes = new Uint8Array(4 + 100_000)
    bytes.set(word(100_000))
    for (let i = 0; i < 4; i++) receiver.push(bytes)
    const grants = [0, 0, 0, 0].map(() => {
      const grant = receiver.release()
      receiver.shift()
      return grant
    })
    expect(grants).toEqual([0, 0, 0, 3 * frameCost(100_000)])
  })

  it('gives credit back sooner where little is on the way, and never later', () => {
    const bytes = new Uint8Array(4 + 100_000)
    bytes.set(word(100_000))
    for (const [grantStepBytes, steps] of [
      [64 * 1024, 1],
      [2 ** 30, 3]
    ] as const) {
      const receiver = new FrameReceiver(MAX_FRAME_BYTES, { grantStepBytes })
      for (let i = 1; i <= steps; i++) {
        receiver.push(bytes)
        receiver.shift()
        expect(receiver.release()).toBe(i < steps ? 0 : steps * frameCost(100_000))
      }
    }
  })

  it('refuses grants that add up to nonsense', () => {
    const sender = new FrameSender()
    expect(
      violation(() => {
        for (let i = 0; i < 200; i++) sender.addCredit(0xff_ffff)
      })
    ).toBe(true)
  })

  /** The two ends, connected, against the model: what is on the way plus what is unread never exceeds the window. */
  it('keeps sender and receiver in agreement under any interleaving', () => {
    const step = fc.oneof(
      fc.record({ type: fc.constant('send' as const), bytes: fc.integer({ min: 0, max: 200_000 }) }),
      fc.record({ type: fc.constant('carry' as const) }),
      fc.record({ type: fc.constant('read' as const) })
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), steps => {
        const sender = new FrameSender()
        const receiver = new FrameReceiver(MAX_FRAME_BYTES)
        const back = new FrameSender()
        let outstanding = 0
        let holding = 0
        let count = 0
        const unread: number[] = []
        for (const step of steps) {
          if (step.type === 'send' && sender.accepts(step.bytes)) {
            sender.push(new Uint8Array(step.bytes).fill(count++))
            unread.push(step.bytes)
            outstanding += frameCost(step.bytes)
          } else if (step.type === 'carry') {
            receiver.push(drain(sender))
            const { credit } = new FrameReceiver(1).push(drain(back))
            sender.addCredit(credit)
          } else if (step.type === 'read') {
            const grant = receiver.release()
            outstanding -= holding
            holding = 0
            if (grant > 0) back.grant(grant)
            const frame = receiver.shift()
            if (frame !== undefined) {
              expect(frame.length).toBe(unread.shift())
              holding = frameCost(frame.length)
            }
          }
          expect(outstanding).toBeLessThanOrEqual(WINDOW_BYTES)
        }
        // once everything was carried and read, the sender can send the longest frame again: no deadlock
        receiver.push(drain(sender))
        for (let frame = receiver.shift(); frame !== undefined; frame = receiver.shift()) {
          const grant = receiver.release()
          if (grant > 0) sender.addCredit(grant)
        }
        sender.addCredit(new FrameReceiver(1).push(drain(back)).credit)
        expect(sender.accepts(MAX_FRAME_BYTES)).toBe(true)
      })
    )
  })
})

describe('framed channel: batches', () => {
  it('puts frames of one tick together and never changes bytes it handed out', () => {
    const sender = new FrameSender()
    const frame = new Uint8Array(2_000).fill(1)
    for (let i = 0; i < 20; i++) sender.push(frame)
    const first = sender.next()
    const copy = first?.slice()
    expect(first?.length).toBe(20 * 2_004)
    for (let i = 0; i < 20; i++) sender.push(new Uint8Array(2_000).fill(2))
    drain(sender)
    expect(first).toEqual(copy)
  })

  it('cuts batches at about 60 KiB and stops taking frames when the transport does not take them', () => {
    const sender = new FrameSender()
    let frames = 0
    while (sender.accepts(2_000)) {
      sender.push(new Uint8Array(2_000))
      frames++
    }
    expect(sender.queuedBytes).toBeLessThanOrEqual(QUEUE_BYTES + 4 * frames)
    for (let batch = sender.next(); batch !== undefined; batch = sender.next()) {
      expect(batch.length).toBeLessThanOrEqual(BATCH_BYTES)
    }
    expect(sender.queuedBytes).toBe(0)
  })
})
