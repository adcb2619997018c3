/** Frames as the `ws` package writes and reads them: the judge of ours. Its types leave these two classes out. */
import type { EventEmitter } from 'node:events'
import * as ws from 'ws'

interface Codec {
  readonly Sender: {
    frame(
      data: Buffer,
      options: Readonly<Record<'fin' | 'mask' | 'readOnly' | 'rsv1', boolean>> & { opcode: number }
    ): Buffer[]
  }
  readonly Receiver: new (options: {
    isServer: boolean
    maxPayload?: number
  }) => EventEmitter & { write(bytes: Uint8Array): void }
}

const { Sender, Receiver } = ws as unknown as Codec

/** A server's frame. */
export function foreignFrame(opcode: number, fin: boolean, payload: Uint8Array): Uint8Array {
  const parts = Sender.frame(Buffer.from(payload), { opcode, fin, mask: false, readOnly: true, rsv1: false })
  return new Uint8Array(Buffer.concat(parts))
}

/** The first message that a server reads out of a client's frames. */
export function readForeign(frames: readonly Uint8Array[]): Promise<Uint8Array> {
  const receiver = new Receiver({ isServer: true })
  return new Promise((resolve, reject) => {
    receiver.on('message', (data: Buffer) => resolve(new Uint8Array(data)))
    receiver.on('error', reject)
    for (const frame of frames) receiver.write(frame)
  })
}

/** What a client of the `ws` package makes of a server's bytes, in order; 'refused' is the last word when it is one. */
export async function judgeForeign(bytes: Uint8Array, maxMessageBytes: number): Promise<unknown[]> {
  const receiver = new Receiver({ isServer: false, maxPayload: maxMessageBytes })
  const events: unknown[] = []
  receiver.on('message', (data: Buffer, isBinary: boolean) =>
    events.push(isBinary ? new Uint8Array(data) : data.toString())
  )
  receiver.on('ping', (data: Buffer) => events.push(['ping', new Uint8Array(data)]))
  receiver.on('pong', () => events.push('pong'))
  receiver.on('conclude', (code: number, reason: Buffer) => events.push([code, reason.toString()]))
  receiver.on('error', () => events.push('refused'))
  receiver.write(bytes)
  // It gives one event a turn.
  for (let before = -1; before !== events.length; ) {
    before = events.length
    for (let turn = 0; turn < 3; turn++) await new Promise(resolve => setImmediate(resolve))
  }
  return events
}
