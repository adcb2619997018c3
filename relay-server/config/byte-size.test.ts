import { describe, expect, it } from 'vitest'
import { isByteSize, parseByteSize } from './byte-size.ts'

describe('size of a setting', () => {
  it('is decimal with GB and binary with GiB, in any case', () => {
    expect(['50GB', '50gb', '1.5 TB', '2GiB', '512kib', '1000'].map(parseByteSize)).toEqual([
      50e9,
      50e9,
      1.5e12,
      2 ** 31,
      524_288,
      1000
    ])
  })

  it('refuses what is no size', () => {
    for (const text of ['', 'GB', '50G', '-1GB', '1e9', '50GBs', '1,5GB', '99999999TB']) {
      expect(() => parseByteSize(text), text).toThrow('size')
      if (text !== '99999999TB') expect(isByteSize(text), text).toBe(false)
    }
  })
})
