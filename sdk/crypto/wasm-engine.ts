/**
 * ChaCha20 and Poly1305 in WebAssembly SIMD, everything else as the engine below does it: noble in browsers, OpenSSL on Node.
 * A 4 KiB cell is copied in and out of linear memory; that is a few percent of sealing it.
 */
import { type CryptoEngine, type CryptoPrimitives, completeEngine } from './crypto-engine.ts'
import { noblePrimitives } from './noble-engine.ts'

/** The exports of wasm/assembly/chacha20-poly1305.ts. */
interface Kernel {
  readonly memory: WebAssembly.Memory
  keyAddress(): number
  nonceAddress(): number
  aadAddress(): number
  tagAddress(): number
  dataAddress(): number
  maxDataBytes(): number
  maxAadBytes(): number
  chacha20(length: number, counter: number): void
  seal(length: number, aadLength: number): void
  open(length: number, aadLength: number): number
}

const TAG_BYTES = 16

/**
 * @param module the compiled `chacha20-poly1305` kernel
 * @param base does the rest, and what is too long for the kernel
 */
export function createWasmCryptoEngine(
  module: WebAssembly.Module,
  base: CryptoPrimitives = noblePrimitives
): CryptoEngine {
  const kernel = new WebAssembly.Instance(module).exports as unknown as Kernel
  const memory = new Uint8Array(kernel.memory.buffer)
  const at = {
    key: kernel.keyAddress(),
    nonce: kernel.nonceAddress(),
    aad: kernel.aadAddress(),
    tag: kernel.tagAddress(),
    data: kernel.dataAddress()
  }
  const maxDataBytes = kernel.maxDataBytes()
  const maxAadBytes = kernel.maxAadBytes()
  const load = (key: Uint8Array, nonce: Uint8Array, data: Uint8Array): void => {
    memory.set(key, at.key)
    memory.set(nonce, at.nonce)
    memory.set(data, at.data)
  }
  const fits = (data: Uint8Array, aad: Uint8Array): boolean => data.length <= maxDataBytes && aad.length <= maxAadBytes

  return completeEngine({
    ...base,
    name: base.name === 'noble' ? 'wasm' : `${base.name}+wasm`,
    chacha20Xor: (key, nonce, counter, data, out) => {
      const blocks = maxDataBytes / 64
      for (let from = 0, block = counter; from < data.length || from === 0; from += maxDataBytes, block += blocks) {
        const part = data.subarray(from, from + maxDataBytes)
        load(key, nonce, part)
        kernel.chacha20(part.length, block)
        out.set(memory.subarray(at.data, at.data + part.length), from)
      }
    },
    aeadSealInPlace: (key, nonce, data, tag, aad) => {
      if (!fits(data, aad)) return base.aeadSealInPlace(key, nonce, data, tag, aad)
      load(key, nonce, data)
      memory.set(aad, at.aad)
      kernel.seal(data.length, aad.length)
      data.set(memory.subarray(at.data, at.data + data.length))
      tag.set(memory.subarray(at.tag, at.tag + TAG_BYTES))
    },
    aeadOpenInPlace: (key, nonce, data, tag, aad) => {
      if (!fits(data, aad)) return base.aeadOpenInPlace(key, nonce, data, tag, aad)
      load(key, nonce, data)
      memory.set(aad, at.aad)
      memory.set(tag, at.tag)
      if (kernel.open(data.length, aad.length) === 0) return false
      data.set(memory.subarray(at.data, at.data + data.length))
      return true
    }
  })
}
