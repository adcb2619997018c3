import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CraftecError } from '../../errors/index.ts'
import { type ContentLink, formatLink, hashFromContentId, parseContentId, parseLink } from './index.ts'

const cid = 'ab'.repeat(32)
const mid = 'cd'.repeat(32)
const key = 'A'.repeat(43)

const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 })
const name = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 40 })
  .filter(text => !/[/\\\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/u.test(text) && !['.', '..'].includes(text))
const link: fc.Arbitrary<ContentLink> = fc.record(
  {
    contentId: bytes32,
    manifestId: bytes32,
    key: bytes32,
    name,
    mediaType: fc.constantFrom('video/mp4', 'image/svg+xml', 'application/vnd.oasis.opendocument.text')
  },
  { requiredKeys: ['contentId'] }
)

describe('a link', () => {
  it('says the same after being written and read', () => {
    fc.assert(
      fc.property(link, value => {
        expect(parseLink(formatLink(value))).toEqual(value)
      })
    )
  })

  it('has the documented form', () => {
    expect(
      formatLink({
        contentId: hashFromContentId(cid),
        manifestId: hashFromContentId(mid),
        key: new Uint8Array(32),
        name: 'A film & more.mp4',
        mediaType: 'video/mp4'
      })
    ).toBe(`craftec:${cid}?m=${mid}#k=${key}&n=A%20film%20%26%20more.mp4&t=video%2Fmp4`)
    expect(formatLink({ contentId: hashFromContentId(cid) })).toBe(`craftec:${cid}`)
  })

  it.each([
    ['another scheme', `https:${cid}`],
    ['no content id', 'craftec:'],
    ['upper case', `craftec:${cid.toUpperCase()}`],
    ['a short content id', `craftec:${cid.slice(2)}`],
    ['a second query', `craftec:${cid}?m=${mid}?m=${mid}`],
    ['a second fragment', `craftec:${cid}#k=${key}#n=x`],
    ['an empty fragment', `craftec:${cid}#`],
    ['an empty query', `craftec:${cid}?`],
    ['the key in the query', `craftec:${cid}?k=${key}`],
    ['an unknown part', `craftec:${cid}#x=1`],
    ['a part twice', `craftec:${cid}#n=a&n=b`],
    ['a short key', `craftec:${cid}#k=${key.slice(1)}`],
    ['a key with a second spelling', `craftec:${cid}#k=${key.slice(1)}B`],
    ['a short manifest id', `craftec:${cid}?m=${mid.slice(2)}`],
    ['broken percent-encoding', `craftec:${cid}#n=%zz`],
    ['a name that is no UTF-8', `craftec:${cid}#n=%ff`],
    ['a path for a name', `craftec:${cid}#n=..%2Fx`],
    ['a parent for a name', `craftec:${cid}#n=..`],
    ['a name that reads backwards', `craftec:${cid}#n=txt.%E2%80%AEexe`],
    ['a name of 256 bytes', `craftec:${cid}#n=${'x'.repeat(256)}`],
    ['a media type with parameters', `craftec:${cid}#t=text/html;charset=x`],
    ['more than anyone needs', `craftec:${cid}#n=${'%20'.repeat(1000)}`]
  ])('with %s is refused', (_, text) => {
    expect(() => parseLink(text)).toThrow(expect.objectContaining({ code: 'malformed' }))
  })

  it('of any text parses, or fails as malformed', () => {
    const part = fc.constantFrom(
      'craftec:',
      cid,
      '?m=',
      mid,
      '#',
      'k=',
      key,
      '&',
      'n=',
      '%',
      't=',
      'a/b',
      '\u0000',
      '='
    )
    fc.assert(
      fc.property(fc.array(fc.oneof(part, fc.string({ maxLength: 5 })), { maxLength: 12 }), parts => {
        try {
          formatLink(parseLink(parts.join('')))
        } catch (error) {
          expect(error).toBeInstanceOf(CraftecError)
          expect((error as CraftecError).code).toBe('malformed')
        }
      }),
      { numRuns: 2000 }
    )
  })

  it('is not made of parts that break its rules', () => {
    const contentId = hashFromContentId(cid)
    for (const wrong of [
      { contentId: contentId.subarray(1) },
      { contentId, manifestId: new Uint8Array(31) },
      { contentId, key: new Uint8Array(33) },
      { contentId, name: '' },
      { contentId, name: 'a/b' },
      { contentId, name: '\ud800' },
      { contentId, mediaType: 'video' }
    ])
      expect(() => formatLink(wrong)).toThrow(expect.objectContaining({ code: 'invalid-argument' }))
  })
})

it('a content id is 64 lower-case hexadecimal digits, and nothing else', () => {
  expect(parseContentId(cid)).toBe(cid)
  for (const text of ['', cid.toUpperCase(), `${cid} `, ` ${cid}`, cid.slice(1), `0x${cid}`])
    expect(() => parseContentId(text)).toThrow(expect.objectContaining({ code: 'malformed' }))
})
