import { type CryptoEngine, NONCE_BYTES } from '../../crypto/index.ts'

/** 16 ChaCha20 blocks at a time: a call for the 16 bytes of one cell would cost more than a kibibyte for 64 cells. */
const CHUNK_BYTES = 1024
const BLOCK_BYTES = 64
const ZERO_NONCE = /* @__PURE__ */ new Uint8Array(NONCE_BYTES)
const ZEROS = /* @__PURE__ */ new Uint8Array(CHUNK_BYTES)

/** The key stream of ChaCha20(key, nonce 0) from block 0 on, taken in small pieces of one size. */
export class KeyStream {
  private readonly engine: CryptoEngine
  private readonly key: Uint8Array
  private readonly chunk = new Uint8Array(CHUNK_BYTES)
  private at = CHUNK_BYTES
  private block = 0

  /** @param key kept by reference; call {@link restart} when it changes */
  constructor(engine: CryptoEngine, key: Uint8Array) {
    this.engine = engine
    this.key = key
  }

  /** @returns a view, valid until the next call. @param length divides 1,024, or bytes at the end of a chunk are skipped */
  take(length: number): Uint8Array {
    if (this.at + length > CHUNK_BYTES) {
      this.engine.chacha20Xor(this.key, ZERO_NONCE, this.block, ZEROS, this.chunk)
      this.block += CHUNK_BYTES / BLOCK_BYTES
      this.at = 0
    }
    const from = this.at
    this.at += length
    return this.chunk.subarray(from, this.at)
  }

  restart(): void {
    this.at = CHUNK_BYTES
    this.block = 0
  }

  destroy(): void {
    this.chunk.fill(0)
    this.restart()
  }
}
