import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { mintAddressToken, openAddressToken } from './address-token.ts'

const key = new Uint8Array(32).fill(7)
const context = { host: '192.0.2.1', port: 4433, retryScid: new Uint8Array(16).fill(1) }
const odcid = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8)
const NOW = 1_700_000_000_000

describe('the address token', () => {
  it('gives back the first connection id to the client it was made for', () => {
    expect(openAddressToken(key, context, mintAddressToken(key, context, odcid, NOW), NOW + 500)).toEqual(odcid)
  })

  it('is worth nothing to another address, port, connection or server, or later', () => {
    const token = mintAddressToken(key, context, odcid, NOW)
    expect(openAddressToken(key, { ...context, host: '192.0.2.2' }, token, NOW)).toBeUndefined()
    expect(openAddressToken(key, { ...context, port: 4434 }, token, NOW)).toBeUndefined()
    expect(openAddressToken(key, { ...context, retryScid: new Uint8Array(16) }, token, NOW)).toBeUndefined()
    expect(openAddressToken(new Uint8Array(32), context, token, NOW)).toBeUndefined()
    expect(openAddressToken(key, context, token, NOW + 10_001)).toBeUndefined()
    expect(openAddressToken(key, context, token, NOW - 1)).toBeUndefined()
  })

  it('cannot be altered or made up', () => {
    const token = mintAddressToken(key, context, odcid, NOW)
    fc.assert(
      fc.property(fc.nat(token.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const forged = token.slice()
        forged[at] = (forged[at] ?? 0) ^ flip
        expect(openAddressToken(key, context, forged, NOW)).toBeUndefined()
      })
    )
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), bytes => {
        expect(openAddressToken(key, context, bytes, NOW)).toBeUndefined()
      })
    )
  })
})
