import { describe, expect, it } from 'vitest'
import { duplexPair } from '../../test/kit/duplex-pair.ts'
import { connectTls, type TlsOptions } from './connect-tls.ts'

const options: TlsOptions = { serverName: 'example.org' }

describe('a call that cannot work', () => {
  for (const [what, bad] of [
    ['a server name with a port', { serverName: 'example.org:443' }],
    ['an empty server name', { serverName: '' }],
    ['a protocol that is no ASCII', { alpn: ['h²'] }],
    ['an empty protocol', { alpn: [''] }],
    ['roots without certificates', { roots: ['nothing'] }],
    ['no records under a key', { recordsPerKey: 0 }],
    ['more records than a key may seal', { recordsPerKey: 2 ** 24 }]
  ] as const)
    it(`says what is wrong and closes the transport: ${what}`, async () => {
      const [ours, theirs] = duplexPair()
      await expect(connectTls(ours, { ...options, ...bad })).rejects.toMatchObject({ code: 'invalid-argument' })
      const reader = theirs.readable.getReader()
      const pieces: number[] = []
      for (let part = await reader.read(); !part.done; part = await reader.read()) pieces.push(...part.value)
      // internal_error, in the clear: the server was told nothing else.
      expect(pieces).toEqual([21, 3, 1, 0, 2, 2, 80])
    })

  it('leaves a stream alone that somebody else holds', async () => {
    const [ours] = duplexPair()
    const reader = ours.readable.getReader()
    await expect(connectTls(ours, options)).rejects.toMatchObject({ code: 'invalid-argument' })
    reader.releaseLock()
    expect(ours.writable.locked).toBe(false)
  })

  it('says that a page of plain http: has no WebCrypto', async () => {
    Object.defineProperty(crypto, 'subtle', { value: undefined, configurable: true })
    try {
      const [ours] = duplexPair()
      await expect(connectTls(ours, options)).rejects.toMatchObject({ code: 'unsupported' })
    } finally {
      Reflect.deleteProperty(crypto, 'subtle')
    }
  })
})
