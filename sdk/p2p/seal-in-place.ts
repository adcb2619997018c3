import type { ConnectionEncrypter, MessageStream } from '@libp2p/interface'
import { TAG_BYTES } from '../crypto/index.ts'

/** What this needs of the stream that Noise makes of a connection, whose type is not exported. */
interface NoiseStream {
  readonly handshake?: { encrypt(plaintext: Uint8Array): unknown }
  readonly decoder?: { lengthDecoder(received: ByteList): number }
  encrypt?(plaintext: Uint8Array | ByteList): Uint8Array
}
interface ByteList extends Iterable<Uint8Array> {
  readonly byteLength: number
  get(index: number): number
}

const LENGTH_BYTES = 2
/** What one Noise message carries (libp2p's specification of Noise, "Wire format"). */
export const NOISE_PAYLOAD_BYTES = 65_535 - TAG_BYTES
/** More than any message has: the decoder waits for it. */
const UNKNOWN_LENGTH = 65_536

const places = /* @__PURE__ */ new WeakSet<Uint8Array>()

/** Whether a plaintext is to be sealed where it lies: its tag goes behind it, into the same buffer. */
export function isSealedInPlace(plaintext: object): plaintext is Uint8Array {
  return places.has(plaintext as Uint8Array)
}

/**
 * Seal all messages of a write in one piece of memory, which goes to the socket as it is; and see without an exception that nothing more
 * was received.
 *
 * Upstream habits (@chainsafe/libp2p-noise 17.0): each message is sealed into memory of its own, and its length comes in another, so that
 * whoever sends the write as one copies it once more. And the reader of lengths throws at the end of all it was given, with a stack.
 */
export function sealInPlace<Components>(
  factory: (components: Components) => ConnectionEncrypter
): (components: Components) => ConnectionEncrypter {
  return components => {
    const encrypter = factory(components)
    const { secureInbound, secureOutbound } = encrypter
    encrypter.secureInbound = async (...args) => patch(await secureInbound.apply(encrypter, args))
    encrypter.secureOutbound = async (...args) => patch(await secureOutbound.apply(encrypter, args))
    return encrypter
  }
}

function patch<Secured extends { readonly connection: MessageStream }>(secured: Secured): Secured {
  const stream = secured.connection as NoiseStream
  const { handshake, decoder } = stream
  if (handshake !== undefined && stream.encrypt !== undefined)
    stream.encrypt = plaintext => sealAll(plaintext, message => handshake.encrypt(message))
  if (decoder !== undefined)
    decoder.lengthDecoder = received =>
      received.byteLength < LENGTH_BYTES ? UNKNOWN_LENGTH : received.get(0) * 0x100 + received.get(1)
  return secured
}

/** @param seal in place @returns `length u16 ‖ ciphertext ‖ tag` of each message */
function sealAll(plaintext: Uint8Array | ByteList, seal: (message: Uint8Array) => void): Uint8Array {
  const messages = Math.ceil(plaintext.byteLength / NOISE_PAYLOAD_BYTES)
  const sealed = new Uint8Array(plaintext.byteLength + messages * (LENGTH_BYTES + TAG_BYTES))
  let start = LENGTH_BYTES
  let end = start
  const close = (): void => {
    const length = end - start + TAG_BYTES
    sealed[start - 2] = length >> 8
    sealed[start - 1] = length
    const message = sealed.subarray(start, end)
    places.add(message)
    seal(message)
    start = end + TAG_BYTES + LENGTH_BYTES
    end = start
  }
  for (const part of plaintext instanceof Uint8Array ? [plaintext] : plaintext) {
    for (let at = 0; at < part.length; ) {
      const taken = part.subarray(at, at + NOISE_PAYLOAD_BYTES - (end - start))
      sealed.set(taken, end)
      at += taken.length
      end += taken.length
      if (end - start === NOISE_PAYLOAD_BYTES) close()
    }
  }
  if (end > start) close()
  return sealed
}
