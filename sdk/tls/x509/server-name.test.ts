import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CraftecError } from '../../errors/index.ts'
import { matchesServerName, parseServerName } from './server-name.ts'

const dns = (name: string) => ({ kind: 'dns' as const, name })

describe('parseServerName', () => {
  it.each([
    ['example.org', dns('example.org')],
    ['EXAMPLE.org.', dns('example.org')],
    ['bücher.example', dns('xn--bcher-kva.example')],
    ['127.0.0.1', { kind: 'ip', address: Uint8Array.of(127, 0, 0, 1) }],
    // Every notation the platform takes for an address is one: none of them may pass for a name.
    ['0x7f.1', { kind: 'ip', address: Uint8Array.of(127, 0, 0, 1) }],
    ['2130706433', { kind: 'ip', address: Uint8Array.of(127, 0, 0, 1) }],
    ['::1', { kind: 'ip', address: Uint8Array.from({ length: 16 }, (_, at) => (at === 15 ? 1 : 0)) }],
    ['[::ffff:1.2.3.4]', { kind: 'ip', address: Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 1, 2, 3, 4) }],
    [
      '1:2:3:4:5:6:7:8',
      { kind: 'ip', address: Uint8Array.from({ length: 16 }, (_, at) => (at % 2 ? (at + 1) / 2 : 0)) }
    ]
  ])('%s', (text, expected) => {
    expect(parseServerName(text)).toEqual(expected)
  })

  it.each([
    '',
    ' ',
    '.',
    'a..b',
    'host:443',
    'a/b',
    'user@host',
    'a b',
    '[::1]:443',
    'a?b',
    'a#b',
    'ex%61mple.org',
    '1.2.3.4.5.6/',
    `${'a'.repeat(64)}.org`,
    `${'a.'.repeat(130)}org`
  ])('refuses %j', text => {
    expect(() => parseServerName(text)).toThrow(expect.objectContaining({ code: 'invalid-argument' }))
  })

  it('answers any text with a name or invalid-argument', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), text => {
        try {
          const name = parseServerName(text)
          return name.kind === 'dns' ? name.name.length > 0 : [4, 16].includes(name.address.length)
        } catch (error) {
          return error instanceof CraftecError && error.code === 'invalid-argument'
        }
      })
    )
  })
})

describe('matchesServerName', () => {
  const label = fc.stringMatching(/^[a-z0-9]{1,10}$/)
  it('a wildcard stands for exactly one label, the leftmost', () => {
    fc.assert(
      fc.property(
        fc.array(label, { minLength: 1, maxLength: 5 }),
        fc.array(label, { minLength: 2, maxLength: 3 }),
        (left, right) => {
          const names = [dns(`*.${right.join('.')}`)]
          expect(matchesServerName(names, dns([...left, ...right].join('.')))).toBe(left.length === 1)
          expect(matchesServerName(names, dns(right.join('.')))).toBe(false)
        }
      )
    )
  })
})
