import { describe, expect, it } from 'vitest'
import { parseTcpTarget } from './tcp-target.ts'

describe('parseTcpTarget', () => {
  it.each([
    ['example.org:22', 'example.org', 22],
    ['127.0.0.1:65535', '127.0.0.1', 65_535],
    ['[2001:db8::1]:1', '2001:db8::1', 1]
  ])('%s', (text, host, port) => {
    expect(parseTcpTarget(text)).toEqual({ host, port })
  })

  it.each([
    '',
    'example.org',
    'example.org:',
    ':22',
    'a:0',
    'a:65536',
    'a:-1',
    'a:1e3',
    '2001:db8::1:22',
    'a b:1',
    'http://a:1',
    'user@a:1',
    `${'a'.repeat(256)}:1`
  ])('refuses "%s"', text => {
    expect(() => parseTcpTarget(text)).toThrow(expect.objectContaining({ code: 'invalid-argument' }))
  })
})
