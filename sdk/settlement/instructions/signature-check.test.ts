import { ed25519 } from '@noble/curves/ed25519.js'
import { Ed25519Program } from '@solana/web3.js'
import { describe, expect, it } from 'vitest'
import { addressFromBytes } from '../address/index.ts'
import { signatureCheck } from './signature-check.ts'

const message = new TextEncoder().encode('what is signed')
const keys = [1, 2, 3].map(byte => {
  const secret = new Uint8Array(32).fill(byte)
  const publicKey = ed25519.getPublicKey(secret)
  return { publicKey, signer: addressFromBytes(publicKey), signature: ed25519.sign(message, secret) }
})

describe('signatureCheck', () => {
  it('is, for one signature, the instruction that web3.js makes', () => {
    const [first] = keys
    if (first === undefined) throw new Error('no key')
    const { signature, publicKey } = first
    const same = Ed25519Program.createInstructionWithPublicKey({ publicKey, message, signature })
    const made = signatureCheck(message, [first])
    expect(made.program).toBe(same.programId.toBase58())
    expect([...made.data]).toEqual([...same.data])
  })

  it('points every signature at its key and at the one message, all in this instruction', () => {
    const { data } = signatureCheck(message, keys)
    const view = new DataView(data.buffer, data.byteOffset)
    expect(data[0]).toBe(3)
    for (const [index, { publicKey, signature }] of keys.entries()) {
      const at = 2 + 14 * index
      const [signatureAt, one, keyAt, two, messageAt, size, three] = Array.from({ length: 7 }, (_, field) =>
        view.getUint16(at + 2 * field, true)
      )
      expect([one, two, three, size]).toEqual([0xffff, 0xffff, 0xffff, message.length])
      expect(data.slice(signatureAt, (signatureAt ?? 0) + 64)).toEqual(signature)
      expect(data.slice(keyAt, (keyAt ?? 0) + 32)).toEqual(publicKey)
      expect(data.slice(messageAt, (messageAt ?? 0) + message.length)).toEqual(message)
    }
  })

  it('refuses no signatures, nine, and one that is none', () => {
    const [first] = keys
    if (first === undefined) throw new Error('no key')
    const refused = [[], Array(9).fill(first), [{ ...first, signature: new Uint8Array(63) }]]
    for (const list of refused) {
      expect(() => signatureCheck(message, list)).toThrow(expect.objectContaining({ code: 'invalid-argument' }))
    }
  })
})
