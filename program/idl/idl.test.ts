import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { fieldsOf, readIdl } from './idl.ts'
import { sizeOfFields } from './layout.ts'

const idl = readIdl()
/** Accounts of this size are the reference's; one of ours must not be taken for them. */
const TAKEN_SIZES = [76, 123, 121, 41, 27, 122]

function discriminator(preimage: string): number[] {
  return [...createHash('sha256').update(preimage).digest().subarray(0, 8)]
}

describe('the interface description', () => {
  it("derives every discriminator by Anchor's rule", () => {
    for (const { name, discriminator: found } of idl.instructions)
      expect(found).toEqual(discriminator(`global:${name}`))
    for (const { name, discriminator: found } of idl.accounts) expect(found).toEqual(discriminator(`account:${name}`))
    for (const { name, discriminator: found } of idl.events) expect(found).toEqual(discriminator(`event:${name}`))
  })

  it('keeps the discriminators that the reference published for the same names', () => {
    const hex = (name: string) =>
      Buffer.from(idl.instructions.find(instruction => instruction.name === name)?.discriminator ?? []).toString('hex')
    expect(hex('initialize_config')).toBe('d07f1501c2bec446')
    expect(hex('subscribe')).toBe('fe1cbf8a9cb3b735')
    expect(hex('claim')).toBe('3ec6d6c1d59f6cd2')
    expect(hex('set_treasury')).toBe('3961c45fc3ce6a88')
    expect(hex('post_distribution')).toBe('0ea8f74abf7b15e8')
  })

  it('numbers errors from 6000 without a gap and names none twice', () => {
    expect(idl.errors.map(error => error.code)).toEqual(idl.errors.map((_, i) => 6000 + i))
    expect(new Set(idl.errors.map(error => error.name)).size).toBe(idl.errors.length)
  })

  it('gives every account and event a fixed size, no account one of the reference', () => {
    for (const { name } of [...idl.accounts, ...idl.events])
      expect(sizeOfFields(idl, fieldsOf(idl, name))).toBeDefined()
    const sizes = idl.accounts.map(({ name }) => 8 + (sizeOfFields(idl, fieldsOf(idl, name)) ?? 0))
    expect(sizes.filter(size => TAKEN_SIZES.includes(size))).toEqual([])
  })
})
