import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CraftecError } from '../../../sdk/errors/index.ts'
import { canonicalCode, decodeHuffman, HUFFMAN_CODE_LENGTHS } from './huffman.ts'

const hex = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'))
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1')

describe('the Huffman code of RFC 7541', () => {
  it('decodes the strings of appendix C.4 and C.6', () => {
    expect(text(decodeHuffman(hex('f1e3 c2e5 f23a 6ba0 ab90 f4ff')))).toBe('www.example.com')
    expect(text(decodeHuffman(hex('a8eb 1064 9cbf')))).toBe('no-cache')
    expect(text(decodeHuffman(hex('25a8 49e9 5ba9 7d7f')))).toBe('custom-key')
    expect(text(decodeHuffman(hex('25a8 49e9 5bb8 e8b4 bf')))).toBe('custom-value')
    expect(text(decodeHuffman(hex('d07a be94 1054 d444 a820 0595 040b 8166 e082 a62d 1bff')))).toBe(
      'Mon, 21 Oct 2013 20:13:21 GMT'
    )
    expect(text(decodeHuffman(hex('9d29 ad17 1863 c78f 0b97 c8e9 ae82 ae43 d3')))).toBe('https://www.example.com')
  })

  it('is a complete code: no bit string without a meaning', () => {
    expect(HUFFMAN_CODE_LENGTHS).toHaveLength(257)
    expect(HUFFMAN_CODE_LENGTHS.reduce((sum, length) => sum + 2 ** -length, 0)).toBe(1)
  })

  it('has the codes that appendix B gives', () => {
    const codes = codeWords()
    expect(codes[0]).toBe('1111111111000')
    expect(codes['0'.charCodeAt(0)]).toBe('00000')
    expect(codes[':'.charCodeAt(0)]).toBe('1011100')
    expect(codes['\\'.charCodeAt(0)]).toBe('1111111111111110000')
    expect(codes[249]).toBe('1111111111111111111111111110')
    expect(codes[256]).toBe('1'.repeat(30))
  })

  it('decodes every octet string', () => {
    const codes = codeWords()
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), bytes => {
        const bits = Array.from(bytes, byte => codes[byte]).join('')
        expect(decodeHuffman(packed(bits))).toEqual(bytes)
      })
    )
  })

  it('refuses EOS, padding of zeros and padding of a whole octet', () => {
    for (const input of ['ffff ffff', 'f1e3 c2e5 f23a 6ba0 ab90 f4ff ff', '00'])
      expect(() => decodeHuffman(hex(input))).toThrow(CraftecError)
  })

  it('ends for any input', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), bytes => {
        try {
          expect(decodeHuffman(bytes).length).toBeLessThanOrEqual((bytes.length * 8) / 5)
        } catch (error) {
          expect(error).toMatchObject({ code: 'malformed' })
        }
      })
    )
  })
})

function codeWords(): string[] {
  const { firstCode, firstIndex, symbols } = canonicalCode(HUFFMAN_CODE_LENGTHS)
  const words: string[] = []
  symbols.forEach((symbol, index) => {
    const bits = HUFFMAN_CODE_LENGTHS[symbol] ?? 0
    const code = (firstCode[bits] ?? 0) + index - (firstIndex[bits] ?? 0)
    words[symbol] = code.toString(2).padStart(bits, '0')
  })
  return words
}

/** To whole octets, padded with ones. */
function packed(bits: string): Uint8Array {
  const padded = bits.padEnd(Math.ceil(bits.length / 8) * 8, '1')
  return Uint8Array.from(padded.match(/.{8}/g) ?? [], octet => Number.parseInt(octet, 2))
}
