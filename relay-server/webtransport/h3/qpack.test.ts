import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeFieldSection, encodeFieldSection, MAX_FIELD_SECTION_BYTES } from './qpack.ts'
import { QPACK_STATIC_TABLE } from './qpack-static-table.ts'

const hex = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'))

describe('QPACK field sections without a dynamic table', () => {
  it('reads the literal with a static name reference of RFC 9204 appendix B.1', () => {
    expect(decodeFieldSection(hex('0000 510b 2f69 6e64 6578 2e68 746d 6c'))).toEqual([[':path', '/index.html']])
  })

  it('reads indexed lines of the static table', () => {
    expect(decodeFieldSection(hex('0000 cf d7 d9'))).toEqual([
      [':method', 'CONNECT'],
      [':scheme', 'https'],
      [':status', '200']
    ])
    expect(decodeFieldSection(hex('0000 ff23'))).toEqual([['x-frame-options', 'sameorigin']])
  })

  it('reads literals with literal names, plain and Huffman', () => {
    expect(decodeFieldSection(hex('0000 23 61 62 63 01 64'))).toEqual([['abc', 'd']])
    expect(decodeFieldSection(hex('0000 2f 01 25a8 49e9 5ba9 7d7f 89 25a8 49e9 5bb8 e8b4 bf'))).toEqual([
      ['custom-key', 'custom-value']
    ])
  })

  it('has the table of appendix A', () => {
    expect(QPACK_STATIC_TABLE).toHaveLength(99)
    expect(QPACK_STATIC_TABLE[0]).toEqual([':authority', ''])
    expect(QPACK_STATIC_TABLE[63]).toEqual([':status', '100'])
    expect(QPACK_STATIC_TABLE[98]).toEqual(['x-frame-options', 'sameorigin'])
  })

  it.each([
    ['a Required Insert Count', '0100'],
    ['an indexed line of the dynamic table', '0000 80'],
    ['a name of the dynamic table', '0000 40 00'],
    ['a post-base index', '0000 10'],
    ['a post-base name', '0000 00 00'],
    ['a static index past the end', '0000 ff24'],
    ['an integer that never ends', '0000 ff ff ff ff ff ff ff 01'],
    ['a string past the end', '0000 51 7f 00'],
    ['nothing', ''],
    ['half a prefix', '00']
  ])('refuses %s', (_, bytes) => {
    expect(() => decodeFieldSection(hex(bytes))).toThrow(expect.objectContaining({ code: 'malformed' }))
  })

  it('refuses more fields, or more text, than it announced', () => {
    const many = new Uint8Array(2 + 65).fill(0xd7, 2)
    expect(() => decodeFieldSection(many)).toThrow(expect.objectContaining({ code: 'malformed' }))
    const long = encodeFieldSection([['a', 'b'.repeat(MAX_FIELD_SECTION_BYTES)]])
    expect(() => decodeFieldSection(long)).toThrow(expect.objectContaining({ code: 'malformed' }))
  })

  it('reads back what it writes', () => {
    const token = fc.string({ unit: fc.constantFrom(...'abcdefghijklmnopqrstuvwxyz-:0123456789 '), maxLength: 200 })
    fc.assert(
      fc.property(fc.array(fc.tuple(token, token), { maxLength: 10 }), fields => {
        expect(decodeFieldSection(encodeFieldSection(fields))).toEqual(fields)
      })
    )
  })

  it('answers any bytes with fields or `malformed`', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), bytes => {
        const section = Uint8Array.of(0, 0, ...bytes)
        try {
          for (const field of decodeFieldSection(section)) expect(field).toHaveLength(2)
        } catch (error) {
          expect(error).toMatchObject({ code: 'malformed' })
        }
      })
    )
  })
})
