import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeHex, encodeHex } from './hex.ts'

describe('hex', () => {
  it('decodes what it encoded', () => {
    fc.assert(
      fc.property(fc.uint8Array(), bytes => {
        expect(decodeHex(encodeHex(bytes))).toEqual(bytes)
      })
    )
    expect(encodeHex(Uint8Array.of(0, 15, 255))).toBe('000fff')
  })

  it.each(['0', '0g', 'AB', '0x00', ' 00', '00\n', '٠٠'])('refuses %j as malformed', text => {
    expect(() => decodeHex(text)).toThrow(expect.objectContaining({ code: 'malformed' }))
  })
})
