import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type AnswerHead, AnswerHeadReader } from './answer-head-reader.ts'
import { HTTP_LIMITS } from './limits.ts'

const bytes = (text: string): Uint8Array => Uint8Array.from(text, character => character.charCodeAt(0))

function read(chunks: readonly Uint8Array[]): { head: AnswerHead; rest: string } | undefined {
  const reader = new AnswerHeadReader()
  for (const [index, chunk] of chunks.entries()) {
    const parsed = reader.push(chunk)
    if (parsed)
      return {
        head: parsed.head,
        rest: String.fromCharCode(...parsed.rest, ...chunks.slice(index + 1).flatMap(later => [...later]))
      }
  }
  return undefined
}

describe('head of an answer', () => {
  it('is the same wherever the chunks end, and leaves every byte behind it', () => {
    const text =
      'HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 101 Switching\r\nA: 1 \r\nB:\t\xe9\r\n\r\n\x81\x02hi\r\n'
    fc.assert(
      fc.property(fc.array(fc.nat(text.length), { maxLength: 8 }), cuts => {
        const borders = [0, ...cuts.sort((a, b) => a - b), text.length]
        const chunks = borders.slice(1).map((end, index) => bytes(text.slice(borders[index], end)))
        const headers = [
          ['A', '1'],
          ['B', 'é']
        ]
        expect(read(chunks)).toEqual({ head: { status: 101, headers }, rest: '\x81\x02hi\r\n' })
      })
    )
  })

  it('is any final answer, without its body', () => {
    expect(read([bytes('HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nbody')])).toMatchObject({
      head: { status: 404 },
      rest: 'body'
    })
    expect(read([bytes('HTTP/1.1 404 Not Found\r\n')])).toBeUndefined()
  })

  it.each([
    ['another protocol', 'SSH-2.0-x\r\n', 'http-malformed'],
    ['a bare line feed', 'HTTP/1.1 101 X\nA: b\n\n', 'http-malformed'],
    ['a folded header', 'HTTP/1.1 101 X\r\nA: b\r\n c\r\n\r\n', 'http-malformed'],
    ['interim answers without end', 'HTTP/1.1 100 X\r\n\r\n'.repeat(HTTP_LIMITS.maxInterim + 1), 'limit-exceeded'],
    ['a head without end', `HTTP/1.1 101 X\r\nA: ${'x'.repeat(HTTP_LIMITS.maxHeadBytes)}`, 'limit-exceeded'],
    ['headers without end', `HTTP/1.1 101 X\r\n${'A: b\r\n'.repeat(HTTP_LIMITS.maxHeaders + 1)}`, 'limit-exceeded']
  ])('refuses %s', (_, text, code) => {
    expect(() => read([bytes(text)])).toThrow(expect.objectContaining({ code }))
  })
})
