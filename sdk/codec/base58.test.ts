import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeBase58, encodeBase58 } from './base58.ts'

describe('base58', () => {
  it('draft-msporny-base58-03 §5 test vectors', () => {
    const bytes = new TextEncoder().encode('Hello World!')
    expect(encodeBase58(bytes)).toBe('2NEpo7TZRRrLZSi2U')
    expect(encodeBase58(Uint8Array.of(0, 0, 0x28, 0x7f, 0xb4, 0xcd))).toBe('11233QC4')
  })

  it('decodes what it encoded, leading zeros included', () => {
    fc.assert(
      fc.property(fc.nat(5), fc.uint8Array({ maxLength: 64 }), (zeros, tail) => {
        const bytes = Uint8Array.from([...new Uint8Array(zeros), ...tail])
        expect(decodeBase58(encodeBase58(bytes), 200)).toEqual(bytes)
      })
    )
  })

  it('has one text for one byte string', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[1-9A-HJ-NP-Za-km-z]{0,60}$/), text => {
        expect(encodeBase58(decodeBase58(text, 60))).toBe(text)
      })
    )
  })

  it.each(['0', 'O', 'I', 'l', ' 2', '2\n', 'é', '😀'])('refuses %j as malformed', text => {
    expect(() => decodeBase58(text, 60)).toThrow(expect.objectContaining({ code: 'malformed' }))
  })

  it('refuses a text over the limit without decoding it', () => {
    expect(() => decodeBase58('z'.repeat(10_000_000), 60)).toThrow(expect.objectContaining({ code: 'malformed' }))
  })
})
