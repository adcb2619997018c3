import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CraftecError } from '../../errors/index.ts'
import { encodeRequestHead, type RequestHead } from './request-head.ts'

const GET: RequestHead = { method: 'GET', target: '/', authority: 'host.test', headers: [], body: 'none' }

function encode(change: Partial<RequestHead>): string {
  return new TextDecoder('latin1').decode(encodeRequestHead({ ...GET, ...change }))
}

function codeOf(change: Partial<RequestHead>): string | undefined {
  try {
    encode(change)
  } catch (error) {
    return error instanceof CraftecError ? error.code : 'untyped'
  }
  return undefined
}

describe('encodeRequestHead', () => {
  it.each<[Partial<RequestHead>, string]>([
    [{}, 'GET / HTTP/1.1\r\nHost: host.test\r\n\r\n'],
    [{ method: 'POST', body: 3 }, 'POST / HTTP/1.1\r\nHost: host.test\r\nContent-Length: 3\r\n\r\n'],
    [{ method: 'PUT', body: 'chunked' }, 'PUT / HTTP/1.1\r\nHost: host.test\r\nTransfer-Encoding: chunked\r\n\r\n'],
    [{ method: 'POST' }, 'POST / HTTP/1.1\r\nHost: host.test\r\nContent-Length: 0\r\n\r\n'],
    [{ headers: [['X-A', '\xe9']] }, 'GET / HTTP/1.1\r\nHost: host.test\r\nX-A: \xe9\r\n\r\n']
  ])('%o', (change, expected) => {
    expect(encode(change)).toBe(expected)
  })

  it.each<[string, Partial<RequestHead>]>([
    ['a line break in the method', { method: 'GET / HTTP/1.1\r\nX: y\r\n\r\nGET' }],
    ['a tunnel', { method: 'connect' }],
    ['an echo', { method: 'TRACE' }],
    ['a line break in the target', { target: '/ HTTP/1.1\r\nX: y' }],
    ['a space in the target', { target: '/a b' }],
    ['a target that is a whole URL', { target: 'http://other.test/' }],
    ['a target of other letters', { target: '/é' }],
    ['a line break in the host', { authority: 'a\r\nX: y' }],
    ['a path in the host', { authority: 'a/b' }],
    ['a line break in a value', { headers: [['X', 'a\r\nY: z']] }],
    ['a bare LF in a value', { headers: [['X', 'a\nY: z']] }],
    ['NUL in a value', { headers: [['X', 'a\0']] }],
    ['a letter that is two bytes', { headers: [['X', '\u0141']] }],
    ['a colon in a name', { headers: [['X:Y', 'a']] }],
    ['an empty name', { headers: [['', 'a']] }],
    ['a length of the caller', { headers: [['content-length', '5']] }],
    ['a coding of the caller', { headers: [['Transfer-Encoding', 'chunked']] }],
    ['a host of the caller', { headers: [['HOST', 'x']] }],
    ['an upgrade', { headers: [['Upgrade', 'websocket']] }]
  ])('refuses %s', (_, change) => {
    expect(codeOf(change)).toBe('invalid-argument')
  })

  it('refuses a head over 64 KiB', () => {
    expect(codeOf({ headers: [['X', 'a'.repeat(65_536)]] })).toBe('limit-exceeded')
  })

  it('whatever a caller passes, one head comes out or none', () => {
    const text = fc.string({ unit: 'binary', maxLength: 20 })
    fc.assert(
      fc.property(
        text,
        text,
        text,
        fc.array(fc.tuple(text, text), { maxLength: 3 }),
        (method, target, authority, headers) => {
          let encoded: string
          try {
            encoded = encode({ method, target, authority, headers })
          } catch (error) {
            expect(error).toBeInstanceOf(CraftecError)
            return
          }
          expect(encoded.split('\r\n').length).toBeLessThanOrEqual(headers.length + 5)
          expect(encoded.indexOf('\r\n\r\n')).toBe(encoded.length - 4)
        }
      ),
      { numRuns: 5000 }
    )
  })
})
