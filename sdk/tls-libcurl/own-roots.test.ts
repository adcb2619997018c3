import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { makeRoot, testKey, toPem } from '../../test/kit/certificate-maker.ts'
import { holdsOnly, readRoots, writeRoots } from './own-roots.ts'

const small = makeRoot('Small')
const large = makeRoot('Large', 'rsa-3072')
const wasm = readFileSync(fileURLToPath(import.meta.resolve('libcurl.js/libcurl.wasm')))
/** Whom its own roots are for: nobody of them may be left. */
const AUTHORITIES = ['ISRG Root X1', 'DigiCert', 'GlobalSign']

describe('roots for libcurl.js', () => {
  it('stand in its file instead of all of its own, and it is as long as before', () => {
    const changed = Buffer.from(wasm)
    for (const name of AUTHORITIES) expect(changed.includes(name)).toBe(true)
    writeRoots(changed, [new Uint8Array(small.der), new Uint8Array(large.der)])
    for (const name of AUTHORITIES) expect(changed.includes(name)).toBe(false)
    for (const { der } of [small, large]) expect(changed.includes(der)).toBe(true)
    expect(changed.length).toBe(wasm.length)
    expect(WebAssembly.validate(changed)).toBe(true)
  })

  it('touch nothing but roots', () => {
    const changed = Buffer.from(wasm)
    writeRoots(changed, [new Uint8Array(small.der)])
    let different = 0
    for (let at = 0; at < wasm.length; at++) if (changed[at] !== wasm[at]) different++
    // 148 roots of 569 to 1,900 bytes, some of whose bytes are zero.
    expect(different).toBeGreaterThan(100_000)
    expect(different).toBeLessThan(170_000)
  })

  it('that are too many or too long are refused', () => {
    const many = Array.from({ length: 500 }, () => new Uint8Array(small.der))
    expect(() => writeRoots(Buffer.from(wasm), many)).toThrow(expect.objectContaining({ code: 'limit-exceeded' }))
    expect(() => writeRoots(new Uint8Array(1000), [new Uint8Array(small.der)])).toThrow(
      expect.objectContaining({ code: 'limit-exceeded' })
    )
  })

  it('are read from DER, and from text with any number of PEM blocks', () => {
    expect(readRoots([new Uint8Array(small.der), `${small.pem}some words\n${large.pem}`])).toEqual(
      [small, small, large].map(({ der }) => new Uint8Array(der))
    )
  })

  it.each<[string, (Uint8Array | string)[]]>([
    ['none', []],
    ['text without a block', ['-----BEGIN PUBLIC KEY-----']],
    ['bytes that are no certificate', [Uint8Array.of(1, 2, 3)]],
    ['a certificate that is cut', [new Uint8Array(small.der).subarray(0, -1)]],
    ['a certificate with something behind it', [Uint8Array.of(...small.der, 0)]],
    ['a block that holds something else', [toPem(Buffer.from('hello'))]],
    ['a key', [new Uint8Array(testKey('P-256').publicKey.export({ type: 'spki', format: 'der' }))]]
  ])('are not %s', (_, roots) => {
    expect(() => readRoots(roots)).toThrow(expect.objectContaining({ code: 'invalid-argument' }))
  })

  it('are not base64 that is none', () => {
    const block = small.pem.replace('\n-----END', '=\n-----END')
    expect(() => readRoots([block])).toThrow(expect.objectContaining({ code: 'malformed' }))
  })
})

describe('what libcurl.js says that it trusts', () => {
  const padded = (der: Uint8Array, zeros: number): string => toPem(Buffer.concat([der, Buffer.alloc(zeros)]))
  const roots = [new Uint8Array(small.der), new Uint8Array(large.der)]

  it('is the roots when nothing else is there, whatever their order and what they are padded with', () => {
    expect(holdsOnly(padded(large.der, 7) + toPem(Buffer.alloc(900)) + padded(small.der, 0), roots)).toBe(true)
  })

  it.each([
    ['one is missing', padded(small.der, 3)],
    ['one more is there', padded(small.der, 3) + padded(large.der, 0) + makeRoot('Other').pem],
    ['one is there twice', padded(small.der, 3) + padded(small.der, 0)],
    ['one is altered', padded(small.der, 3) + padded(Buffer.from(large.der).fill(1, 200, 201), 0)],
    ['something is behind one', padded(Buffer.concat([small.der, Buffer.of(1)]), 0) + padded(large.der, 0)],
    ['it says nothing', '']
  ])('is not the roots when %s', (_, list) => {
    expect(holdsOnly(list, roots)).toBe(false)
  })
})
