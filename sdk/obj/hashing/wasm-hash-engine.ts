/** The engine on WebAssembly SIMD: four leaves, or four nodes, at a time. One instance, one memory; calls never overlap. */
import { type CryptoEngine, cryptoEngine, type HashStream } from '../../crypto/index.ts'
import { CraftecError } from '../../errors/index.ts'
import { HASH_BYTES, type HashEngine, leafCount } from './hash-engine.ts'

/** The exports of wasm/assembly/obj-hash.ts. Addresses and lengths are bytes. */
interface Kernel {
  readonly memory: WebAssembly.Memory
  start(): number
  leafHashes(data: number, bytes: number, out: number): void
  parents(hashes: number, count: number, out: number): number
  pieceRoot(data: number, bytes: number, out: number): void
  begin(state: number): void
  absorb(state: number, data: number, blocks: number): void
  finish(state: number, tail: number, total: bigint): void
}

const PAGE_BYTES = 65_536
const BLOCK_BYTES = 64
/** The kernel reads whole groups of four blocks. */
const READ_BEHIND_BYTES = 256
/** Copied in and hashed while it is in the second-level cache. */
const STRIPE_BYTES = 65_536

/**
 * @param module a compiled `obj-hash` kernel module
 * @param crypto hashes long messages if it does so natively
 */
export function createWasmHashEngine(
  module: WebAssembly.Module,
  crypto: Pick<CryptoEngine, 'nativeHashes' | 'sha256Stream'> = cryptoEngine()
): HashEngine {
  const kernel = new WebAssembly.Instance(module).exports as unknown as Kernel
  const start = kernel.start()
  /** Bytes from `start` on, after making room for them. */
  const area = (bytes: number): Uint8Array => {
    const missing = Math.ceil((start + bytes - kernel.memory.buffer.byteLength) / PAGE_BYTES)
    if (missing > 0) {
      try {
        kernel.memory.grow(missing)
      } catch (cause) {
        throw new CraftecError('limit-exceeded', `no memory to hash ${bytes} bytes at once`, { cause })
      }
    }
    return new Uint8Array(kernel.memory.buffer, start, bytes)
  }
  /** Hash a piece that is copied in, and give back the first `results` hashes of what was made of it. */
  const onPiece = (piece: Uint8Array, results: number, hash: (out: number) => void): Uint8Array => {
    const out = Math.ceil((piece.length + READ_BEHIND_BYTES) / BLOCK_BYTES) * BLOCK_BYTES
    const bytes = area(out + leafCount(piece.length) * HASH_BYTES)
    bytes.set(piece)
    hash(start + out)
    return bytes.slice(out, out + results * HASH_BYTES)
  }
  return {
    name: 'wasm-simd',
    leafHashes: piece => onPiece(piece, leafCount(piece.length), out => kernel.leafHashes(start, piece.length, out)),
    pieceRoot: piece => onPiece(piece, 1, out => kernel.pieceRoot(start, piece.length, out)),
    parents: hashes => {
      const bytes = area(hashes.length + READ_BEHIND_BYTES)
      bytes.set(hashes)
      const count = kernel.parents(start, hashes.length / HASH_BYTES, start)
      return bytes.slice(0, count * HASH_BYTES)
    },
    stream: () =>
      crypto.nativeHashes
        ? crypto.sha256Stream()
        : createStream(kernel, start, () => area(HASH_BYTES + STRIPE_BYTES + READ_BEHIND_BYTES))
  }
}

/**
 * The state lives here, not in the kernel's memory: streams may take turns, and other calls come between.
 * @param area asked for afresh at each call, because growing the memory ends every view on it
 */
function createStream(kernel: Kernel, start: number, area: () => Uint8Array): HashStream {
  const data = start + HASH_BYTES
  const tail = new Uint8Array(BLOCK_BYTES)
  let total = 0n
  const first = area()
  kernel.begin(start)
  const state = first.slice(0, HASH_BYTES)

  const stream: HashStream = {
    update: bytes => {
      const memory = area()
      memory.set(state)
      let held = Number(total % BigInt(BLOCK_BYTES))
      memory.set(tail.subarray(0, held), HASH_BYTES)
      total += BigInt(bytes.length)
      for (let from = 0; from < bytes.length; ) {
        const part = bytes.subarray(from, from + STRIPE_BYTES - held)
        from += part.length
        memory.set(part, HASH_BYTES + held)
        const blocks = Math.floor((held + part.length) / BLOCK_BYTES)
        if (blocks > 0) kernel.absorb(start, data, blocks)
        held = held + part.length - blocks * BLOCK_BYTES
        const end = HASH_BYTES + blocks * BLOCK_BYTES
        memory.copyWithin(HASH_BYTES, end, end + held)
      }
      state.set(memory.subarray(0, HASH_BYTES))
      tail.set(memory.subarray(HASH_BYTES, HASH_BYTES + held))
      return stream
    },
    digest: () => {
      const memory = area()
      memory.set(state)
      memory.set(tail, HASH_BYTES)
      kernel.finish(start, data, total)
      return memory.slice(0, HASH_BYTES)
    }
  }
  return stream
}
