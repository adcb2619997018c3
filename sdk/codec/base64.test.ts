import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeBase64, encodeBase64 } from './base64.ts'

describe('base64', () => {
  it('is that of RFC 4648, section 10', () => {
    const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)
    for (const [plain, encoded] of [
      ['', ''],
      ['f', 'Zg=='],
      ['fo', 'Zm8='],
      ['foobar', 'Zm9vYmFy']
    ] as const) {
      expect(encodeBase64(new TextEncoder().encode(plain))).toBe(encoded)
      expect(text(decodeBase64(encoded, 8))).toBe(plain)
    }
  })

  it('decodes what it encoded', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), bytes => {
        expect(decodeBase64(encodeBase64(bytes), 200)).toEqual(bytes)
      })
    )
  })

  it.each(['Zg', 'Zg=', 'Zh==', 'Zg==\n', 'Z g=', 'Zg==Zg==', '_w==', 'é'])('refuses %j as malformed', text => {
    expect(() => decodeBase64(text, 100)).toThrow(expect.objectContaining({ code: 'malformed' }))
  })

  it('refuses a text over the limit', () => {
    expect(() => decodeBase64('AAAA', 3)).toThrow(expect.objectContaining({ code: 'malformed' }))
  })
})
