import { describe, expect, it } from 'vitest'
import { missingEntries } from './lock-completion.ts'

describe('missingEntries', () => {
  it('finds what an optional dependency names and the lock does not have', () => {
    const packages = {
      '': {},
      'node_modules/tool': {
        optionalDependencies: { '@tool/linux-x64-musl': '1.2.3', '@tool/linux-x64-gnu': '1.2.3' }
      },
      'node_modules/@tool/linux-x64-gnu': { version: '1.2.3' }
    }
    expect(missingEntries(packages)).toEqual({
      'node_modules/@tool/linux-x64-musl': {
        version: '1.2.3',
        cpu: ['x64'],
        libc: ['musl'],
        optional: true,
        os: ['linux']
      }
    })
  })

  it('looks where Node looks: beside the dependent, then up', () => {
    const optionalDependencies = { '@tool/win32-arm64-msvc': '1.0.0' }
    expect(
      missingEntries({
        'node_modules/a': {},
        'node_modules/a/node_modules/tool': { optionalDependencies },
        'node_modules/a/node_modules/@tool/win32-arm64-msvc': { version: '1.0.0' }
      })
    ).toEqual({})
    expect(
      missingEntries({
        workspace: { optionalDependencies },
        'workspace/node_modules/@tool/win32-arm64-msvc': { version: '1.0.0' }
      })
    ).toEqual({})
    expect(
      missingEntries({
        workspace: { optionalDependencies },
        'node_modules/@tool/win32-arm64-msvc': { version: '1.0.0' }
      })
    ).toEqual({})
    expect(
      missingEntries({
        'node_modules/tool': { optionalDependencies },
        'node_modules/b/node_modules/@tool/win32-arm64-msvc': {}
      })
    ).toHaveProperty(['node_modules/@tool/win32-arm64-msvc', 'os'], ['win32'])
  })

  it('gives a dependent its own when another version is in its way', () => {
    const packages = {
      'node_modules/old/node_modules/tool': { optionalDependencies: { '@tool/darwin-x64': '1.0.0' } },
      'node_modules/@tool/darwin-x64': { version: '2.0.0' }
    }
    expect(Object.keys(missingEntries(packages))).toEqual([
      'node_modules/old/node_modules/tool/node_modules/@tool/darwin-x64'
    ])
  })

  it('refuses to guess', () => {
    const needing = (name: string, version: string) => ({
      'node_modules/t': { optionalDependencies: { [name]: version } }
    })
    expect(() => missingEntries(needing('fast-thing', '1.0.0'))).toThrow('cannot tell the platform of fast-thing@1.0.0')
    expect(() => missingEntries(needing('@t/linux-x64', '^1.0.0'))).toThrow('cannot tell')
  })
})
