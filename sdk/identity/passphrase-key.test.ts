import { describe, expect, it } from 'vitest'
import { encodeHex } from '../codec/index.ts'
import { areBearable, DEFAULT_ARGON2ID, keyFromPassphrase } from './passphrase-key.ts'

const CHEAP = { memoryKiB: 8, passes: 1, lanes: 1 }
const salt = new Uint8Array(16).fill(2)

describe('key from a passphrase', () => {
  it.each([
    [1, '9dfeb910e80bad0311fee20f9c0e2b12c17987b4cac90c2ef54d5b3021c68bfe'],
    [2, '6d093c501fd5999645e0ea3bf620d7b8be7fd2db59c20d9fff9539da2bf57037']
  ])('is Argon2id 1.3: vector of the reference implementation (test.c), %d lanes', async (lanes, key) => {
    const parameters = { memoryKiB: 256, passes: 2, lanes }
    expect(encodeHex(await keyFromPassphrase('password', new TextEncoder().encode('somesalt'), parameters))).toBe(key)
  })

  it('is the same for one passphrase typed composed or decomposed, and another for every difference', async () => {
    const key = await keyFromPassphrase('Zoë', salt, CHEAP)
    expect(await keyFromPassphrase('Zoe\u0308', salt, CHEAP)).toEqual(key)
    for (const other of ['Zoe', 'zoë', 'Zoë ']) expect(await keyFromPassphrase(other, salt, CHEAP)).not.toEqual(key)
    expect(
      await keyFromPassphrase(
        'Zoë',
        salt.map(byte => byte + 1),
        CHEAP
      )
    ).not.toEqual(key)
  })

  it('is not made of nothing, or of a novel', async () => {
    const invalid = expect.objectContaining({ code: 'invalid-argument' })
    await expect(keyFromPassphrase('', salt, CHEAP)).rejects.toEqual(invalid)
    await expect(keyFromPassphrase('x'.repeat(1025), salt, CHEAP)).rejects.toEqual(invalid)
  })

  it('stops soon after the signal fires', async () => {
    const controller = new AbortController()
    const working = keyFromPassphrase('slow', salt, { memoryKiB: 262_144, passes: 8, lanes: 1 }, controller.signal)
    controller.abort()
    await expect(working).rejects.toEqual(expect.objectContaining({ code: 'aborted' }))
    await expect(keyFromPassphrase('slow', salt, CHEAP, controller.signal)).rejects.toEqual(
      expect.objectContaining({ code: 'aborted' })
    )
  })

  it('bears its own parameters, and no others beyond reason', () => {
    expect(areBearable(DEFAULT_ARGON2ID)).toBe(true)
    for (const bad of [
      { memoryKiB: 4_194_304, passes: 1, lanes: 1 },
      { memoryKiB: 1024, passes: 200, lanes: 1 },
      { memoryKiB: 1024, passes: 1, lanes: 255 },
      { memoryKiB: 15, passes: 1, lanes: 2 },
      { memoryKiB: 1024, passes: 0, lanes: 1 },
      { memoryKiB: 1024, passes: 1, lanes: 0 },
      { memoryKiB: 1024.5, passes: 1, lanes: 1 }
    ])
      expect(areBearable(bad)).toBe(false)
  })
})
