/**
 * The static Huffman code of RFC 7541 Appendix B, which QPACK re-uses (RFC 9204 §4.1.2). Decode only: what this server
 * sends is short and goes out as plain octets.
 * The code is canonical (shorter codes first, equal lengths by symbol), so the lengths alone define it.
 */
import { CraftecError } from '../../../sdk/errors/index.ts'

/** Code length in bits of symbols 0-255, then of EOS. */
export const HUFFMAN_CODE_LENGTHS: readonly number[] = [
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28,
  28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
  13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6, 15, 5, 6, 5, 6,
  5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22, 22, 23,
  22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, 22, 21, 20, 22, 22,
  23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23, 26, 26,
  20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27,
  27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27,
  27, 27, 27, 26, 30
]

const EOS = 256
const MAX_CODE_BITS = 30

interface CanonicalCode {
  /** By length: the first code of that length, and where its symbols start in `symbols`. */
  readonly firstCode: readonly number[]
  readonly firstIndex: readonly number[]
  readonly symbols: readonly number[]
}

/** Codes of one length are consecutive, so decoding compares a prefix with the first code of its length. */
export function canonicalCode(lengths: readonly number[]): CanonicalCode {
  const firstCode: number[] = [0]
  const firstIndex: number[] = [0]
  const symbols: number[] = []
  let code = 0
  for (let bits = 1; bits <= MAX_CODE_BITS; bits++) {
    code *= 2
    firstCode.push(code)
    firstIndex.push(symbols.length)
    lengths.forEach((length, symbol) => {
      if (length !== bits) return
      symbols.push(symbol)
      code++
    })
  }
  firstIndex.push(symbols.length)
  return { firstCode, firstIndex, symbols }
}

let table: CanonicalCode | undefined

/**
 * @param input at most a few KiB: the caller bounds the field section
 * @throws CraftecError `malformed` on EOS in the text, or padding that is not up to 7 one-bits (RFC 7541 §5.2)
 */
export function decodeHuffman(input: Uint8Array): Uint8Array {
  table ??= canonicalCode(HUFFMAN_CODE_LENGTHS)
  const out = new Uint8Array(Math.floor((input.length * 8) / 5)) // the shortest code has 5 bits
  let length = 0
  let prefix = 0
  let bits = 0
  for (const byte of input) {
    for (let shift = 7; shift >= 0; shift--) {
      prefix = prefix * 2 + ((byte >> shift) & 1)
      bits++
      const index = (table.firstIndex[bits] ?? 0) + prefix - (table.firstCode[bits] ?? 0)
      if (index >= (table.firstIndex[bits + 1] ?? 0)) {
        if (bits === MAX_CODE_BITS) throw new CraftecError('malformed', 'Huffman text: no such code')
        continue
      }
      const symbol = table.symbols[index] ?? EOS
      if (symbol === EOS) throw new CraftecError('malformed', 'Huffman text: EOS inside')
      out[length++] = symbol
      prefix = 0
      bits = 0
    }
  }
  if (bits > 7 || prefix !== 2 ** bits - 1) throw new CraftecError('malformed', 'Huffman text: bad padding')
  return out.subarray(0, length)
}
