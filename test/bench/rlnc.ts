/**
 * Coding one segment of k = 40 pieces of 256 KiB. Baselines of the same run: the reference's loops in plain JavaScript, an XOR-only
 * kernel of the same shape (the most a machine gives when multiplying is free), and the fastest Reed-Solomon package of npm.
 * In the browser it runs in a worker. What the worker pool adds is measured by the suite rlnc-pool.
 */
import { ReedSolomonErasure } from '@digitaldefiance/reed-solomon-erasure.wasm'
import { systemRandom } from '../../sdk/async/index.ts'
import {
  type CodedPiece,
  type CodingEngine,
  createDecoder,
  createEncoder,
  createRecoder,
  type Decoder,
  type Encoder,
  loadCodingEngine
} from '../../sdk/obj/index.ts'
import type { Bench, BenchRow, BenchSuite, Measurement } from './harness.ts'
import type { RlncParameters } from './rlnc.serve.ts'

const K = 40
const PIECE_BYTES = 262_144
const SEGMENT_BYTES = K * PIECE_BYTES
const PARITY = 8
/**
 * On a busy machine a run of half a second loses its core many times, one of milliseconds does not. So slow codes are measured on a
 * part, the same work a byte: plain encoding on one row of eight whole pieces at a time, all in turn (short calls would be compiled to a quarter of the
 * speed), decoding on the head of each piece, the kernels on half of it, plain JavaScript on the columns that a job gives it at a time.
 */
const NAIVE_INPUTS = 8
const HEAD_BYTES = { decode: 65_536, encode: 131_072, job: 16_384 }
/**
 * A round takes the best run of some bursts, of ours and of every baseline alike. A task that has slept is given a core for some
 * milliseconds, one that has used its share may lose it in the middle of a run; so each burst starts with a rest and is short. After a rest, data has to be
 * fetched from memory that others have used, so a burst is several runs. And a guest whose core is shared with another guest's thread makes a third less for a
 * while, dense code much more so than loops that wait for themselves: without the best of several, the ratios tell more about the neighbour than about the code.
 */
const BURSTS = 5
const BURST_MS = 20
const REST_MS = 5

const inNode = 'process' in globalThis

/** The bars of the design, Node / Chromium. */
const BARS = inNode ? { strict: 28, relaxed: 38 } : { strict: 18, relaxed: 22 }

export const suite: BenchSuite<RlncParameters> = {
  name: 'rlnc',
  rounds: 9,
  warmUpRounds: 2,
  timeoutMs: 60_000,
  inWorker: true,
  open
}

async function open(parameters: RlncParameters): Promise<Bench> {
  const source = systemRandom(SEGMENT_BYTES)
  const [js, strict, relaxed] = await Promise.all([
    loadCodingEngine({ engine: 'js' }),
    loadCodingEngine({ engine: 'wasm-simd' }),
    loadCodingEngine({ engine: 'wasm-relaxed-simd' }).catch(() => undefined)
  ])
  const best = relaxed ?? strict
  const rows = systemRandom(PARITY * K)
  const outputs = Array.from({ length: PARITY }, () => new Uint8Array(PIECE_BYTES))
  const encode = (engine: CodingEngine, headBytes = HEAD_BYTES.encode): Measurement => {
    const encoder = filledEncoder(engine, source)
    return throughput(`encode 8, ${engine.name}`, K * headBytes, () => encoder.combine(rows, outputs, 0, headBytes))
  }
  // One each: a loop that has run on other shapes is compiled worse, to a quarter of the speed for encoding after decoding.
  const [naiveEncoder, naiveDecoder, naiveRecoder] = [naiveCode(source), naiveCode(source), naiveCode(source)]
  let firstInput = 0
  const naiveEncode = bestSoFar(
    throughput('encode 8, naive JS', (NAIVE_INPUTS * PIECE_BYTES) / PARITY, () => {
      naiveEncoder.encode(rows.subarray(0, NAIVE_INPUTS), outputs.slice(0, 1), firstInput)
      firstInput = (firstInput + NAIVE_INPUTS) % K
    })
  )
  const xor = xorOnly(bytesOf(parameters.xorOnly), source)
  const xorEncode = throughput('xor 8', K * HEAD_BYTES.encode, () => xor(PARITY, HEAD_BYTES.encode))
  const xorDecode = throughput('xor 40', SEGMENT_BYTES, () => xor(K, PIECE_BYTES))

  const coded = codedPieces(best, source, K + 2)
  const segment = new Uint8Array(SEGMENT_BYTES)
  const decode = (engine: CodingEngine): Measurement =>
    throughput(`decode 40 coded, ${engine.name}`, SEGMENT_BYTES, () => {
      const decoder = filledDecoder(engine, coded)
      decoder.decode(0, SEGMENT_BYTES, segment)
      decoder.release()
    })
  const heads = coded
    .slice(0, K)
    .map(({ coefficients, data }) => ({ coefficients, data: data.subarray(0, HEAD_BYTES.decode) }))
  const naiveDecode = bestSoFar(
    throughput('decode 40 coded, naive JS', K * HEAD_BYTES.decode, () => naiveDecoder.decode(heads))
  )
  // Received straight into the decoder, as from the network: what is left is to decode.
  const receivedCoded = filledDecoder(best, coded)
  const receivedMixed = filledDecoder(best, [...sourcePieces(source).slice(4), ...coded.slice(0, 4)])
  const decodeCoded = throughput(`decode 40 coded that are there, ${best.name}`, SEGMENT_BYTES, () =>
    receivedCoded.decode(0, SEGMENT_BYTES, segment)
  )
  const decodeMixed = throughput(`decode 36 source + 4 coded that are there, ${best.name}`, SEGMENT_BYTES, () =>
    receivedMixed.decode(0, SEGMENT_BYTES, segment)
  )

  const held = coded.slice(0, 8)
  const recoder = createRecoder(best, { k: K, pieceBytes: PIECE_BYTES }, systemRandom, 8)
  for (const piece of held) recoder.hold(piece)
  const recoded = new Uint8Array(PIECE_BYTES)
  const recode = throughput(`recode 8 to 1, ${best.name}`, PIECE_BYTES, () => recoder.recode(recoded), 20)
  const naiveRecode = bestSoFar(throughput('recode 8 to 1, naive JS', PIECE_BYTES, () => naiveRecoder.recode(held), 2))

  const withCopies = throughput(`encode 8 with all copies, ${best.name}`, SEGMENT_BYTES, () => {
    const encoder = filledEncoder(best, source)
    encoder.coded(PARITY)
    encoder.release()
  })
  const peer = reedSolomon(bytesOf(parameters.reedSolomon), source)

  const strictEncode = encode(strict)
  const relaxedEncode = relaxed && encode(relaxed)
  const bestDecode = decode(best)
  const rowsOf: (BenchRow | undefined)[] = [
    { measurement: strictEncode, baseline: naiveEncode, bar: { of: 'ratio', atLeast: BARS.strict } },
    relaxedEncode && { measurement: relaxedEncode, baseline: naiveEncode, bar: { of: 'ratio', atLeast: BARS.relaxed } },
    { measurement: strictEncode, baseline: xorEncode, bar: { of: 'ratio', atLeast: 0.35 } },
    relaxedEncode && { measurement: relaxedEncode, baseline: xorEncode, bar: { of: 'ratio', atLeast: 0.42 } },
    { measurement: encode(js, HEAD_BYTES.job), baseline: naiveEncode, bar: { of: 'ratio', atLeast: 2 } },
    { measurement: bestDecode, baseline: naiveDecode, bar: { of: 'ratio', atLeast: 40 } },
    { measurement: bestDecode, baseline: xorDecode, bar: { of: 'ratio', atLeast: 0.5 } },
    { measurement: decodeMixed, baseline: decodeCoded, bar: { of: 'ratio', atLeast: 4 } },
    { measurement: recode, baseline: naiveRecode, bar: { of: 'ratio', atLeast: 20 } },
    { measurement: withCopies, baseline: peer, bar: { of: 'ratio', atLeast: 8 } }
  ]
  return { rows: rowsOf.filter(row => row !== undefined) }
}

function throughput(id: string, bytes: number, task: () => unknown, repeats = 1): Measurement {
  return {
    id,
    unit: 'MB/s',
    run: async () => {
      let best = Number.POSITIVE_INFINITY
      for (let burst = 0; burst < BURSTS; burst++) {
        await rest()
        const end = performance.now() + BURST_MS
        do {
          const started = performance.now()
          for (let repeat = 0; repeat < repeats; repeat++) task()
          best = Math.min(best, (performance.now() - started) / repeats)
        } while (performance.now() < end)
      }
      return bytes / 1e3 / best
    }
  }
}

/**
 * V8 compiles a plain loop anew when it sees fit, at times to a fifth of its speed and for many rounds. That is no merit of ours: such a loop
 * counts with the best that it has made in any round before.
 */
function bestSoFar(measurement: Measurement): Measurement {
  let best = 0
  return {
    ...measurement,
    run: async signal => {
      best = Math.max(best, Number(await measurement.run(signal)))
      return best
    }
  }
}

function rest(): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, REST_MS))
}

function filledEncoder(engine: CodingEngine, source: Uint8Array): Encoder {
  return createEncoder(engine, { k: K, pieceBytes: PIECE_BYTES }, systemRandom, source)
}

function codedPieces(engine: CodingEngine, source: Uint8Array, count: number): CodedPiece[] {
  const encoder = filledEncoder(engine, source)
  const pieces = encoder.coded(count)
  encoder.release()
  return pieces
}

function sourcePieces(source: Uint8Array): CodedPiece[] {
  return Array.from({ length: K }, (_, index) => ({
    coefficients: Uint8Array.from({ length: K }, (_, i) => Number(i === index)),
    data: source.subarray(index * PIECE_BYTES, (index + 1) * PIECE_BYTES)
  }))
}

function filledDecoder(engine: CodingEngine, pieces: readonly CodedPiece[]): Decoder {
  const decoder = createDecoder(engine, { k: K, pieceBytes: PIECE_BYTES })
  for (const piece of pieces) if (!decoder.complete) decoder.add(piece)
  return decoder
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), character => character.charCodeAt(0))
}

/** The reference's loops as they stand: one table a scalar, whole pieces, elimination on the data. */
function naiveCode(source: Uint8Array) {
  const product = new Uint8Array(65_536)
  for (let a = 0; a < 256; a++)
    for (let b = 0; b < 256; b++) {
      let sum = 0
      for (let bit = 7; bit >= 0; bit--) {
        sum = (sum << 1) ^ (sum & 0x80 ? 0x11d : 0)
        if ((b >> bit) & 1) sum ^= a
      }
      product[a * 256 + b] = sum
    }
  const multiply = (a: number, b: number): number => product[a * 256 + b] as number
  const sourcePiece = (index: number): Uint8Array => source.subarray(index * PIECE_BYTES, (index + 1) * PIECE_BYTES)
  const inverse = (a: number): number => {
    for (let b = 1; b < 256; b++) if (multiply(a, b) === 1) return b
    throw new RangeError('zero has no inverse')
  }
  const add = (output: Uint8Array, input: Uint8Array, scalar: number): void => {
    if (scalar === 0) return
    const table = product.subarray(scalar * 256, scalar * 256 + 256)
    for (let i = 0; i < output.length; i++) output[i] = (output[i] as number) ^ (table[input[i] as number] as number)
  }
  const scale = (row: Uint8Array, scalar: number): void => {
    const table = product.subarray(scalar * 256, scalar * 256 + 256)
    for (let i = 0; i < row.length; i++) row[i] = table[row[i] as number] as number
  }
  return {
    encode: (rows: Uint8Array, outputs: readonly Uint8Array[], first: number): void => {
      const scalars = rows.length / outputs.length
      for (const [row, output] of outputs.entries()) {
        output.fill(0)
        for (let j = 0; j < scalars; j++) add(output, sourcePiece(first + j), rows[row * scalars + j] as number)
      }
    },
    decode: (pieces: readonly CodedPiece[]): Uint8Array[] => {
      const rows = pieces.map(piece => ({ coefficients: piece.coefficients.slice(), data: piece.data.slice() }))
      for (let column = 0; column < K; column++) {
        const found = rows.findIndex((row, index) => index >= column && row.coefficients[column] !== 0)
        const pivot = rows[found]
        const swapped = rows[column]
        if (!pivot || !swapped) throw new RangeError('pieces are not independent')
        rows[found] = swapped
        rows[column] = pivot
        const scalar = inverse(pivot.coefficients[column] as number)
        for (let i = 0; i < K; i++) pivot.coefficients[i] = multiply(scalar, pivot.coefficients[i] as number)
        scale(pivot.data, scalar)
        for (const row of rows) {
          const factor = row.coefficients[column] as number
          if (row === pivot || factor === 0) continue
          for (let i = column; i < K; i++)
            row.coefficients[i] = (row.coefficients[i] as number) ^ multiply(factor, pivot.coefficients[i] as number)
          add(row.data, pivot.data, factor)
        }
      }
      return rows.map(row => row.data)
    },
    recode: (pieces: readonly CodedPiece[]): Uint8Array => {
      const data = new Uint8Array(PIECE_BYTES)
      for (const [index, piece] of pieces.entries()) add(data, piece.data, index + 3)
      return data
    }
  }
}

/** @returns a call that XORs the first `length` bytes of all sources onto `rows` outputs */
function xorOnly(wasm: Uint8Array<ArrayBuffer>, source: Uint8Array): (rows: number, length: number) => void {
  const kernel = new WebAssembly.Instance(new WebAssembly.Module(wasm)).exports as unknown as {
    readonly memory: WebAssembly.Memory
    start(): number
    combine(outputs: number, rows: number, inputs: number, count: number, length: number): void
  }
  const lists = kernel.start()
  const stride = PIECE_BYTES + 192
  const inputs = lists + 4 * 2 * K
  kernel.memory.grow(Math.ceil((inputs + 2 * K * stride) / 65_536))
  const view = new DataView(kernel.memory.buffer)
  for (let i = 0; i < 2 * K; i++) view.setUint32(lists + 4 * i, inputs + i * stride, true)
  for (let i = 0; i < K; i++)
    new Uint8Array(kernel.memory.buffer).set(
      source.subarray(i * PIECE_BYTES, (i + 1) * PIECE_BYTES),
      inputs + (K + i) * stride
    )
  return (rows, length) => kernel.combine(lists, rows, lists + 4 * K, K, length)
}

function reedSolomon(wasm: Uint8Array<ArrayBuffer>, source: Uint8Array): Measurement {
  const coder = ReedSolomonErasure.fromBytes(wasm)
  return throughput('encode 8, @digitaldefiance/reed-solomon-erasure.wasm', SEGMENT_BYTES, () => {
    const shards = new Uint8Array((K + PARITY) * PIECE_BYTES)
    shards.set(source)
    const result = coder.encode(shards, K, PARITY)
    if (result !== ReedSolomonErasure.RESULT_OK) throw new Error(ReedSolomonErasure.getResultMessage(result))
  })
}
