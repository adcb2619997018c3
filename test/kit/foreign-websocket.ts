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
  readonly Receiver: new (options: { isServer: boolean }) => EventEmitter & { write(bytes: Uint8Array): void }
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
