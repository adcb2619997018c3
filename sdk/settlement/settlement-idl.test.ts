/** Every account, instruction and event of the program's interface description, against what the SDK makes of them. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { arbitraryFields, camelCase, encodeFields, fieldsOf, idl } from '../../test/kit/settlement-idl.ts'
import { encodeBase64 } from '../codec/index.ts'
import * as accountCodecs from './accounts/index.ts'
import {
  type Address,
  INSTRUCTIONS_SYSVAR,
  SETTLEMENT_PROGRAM,
  SYSTEM_PROGRAM,
  TOKEN_PROGRAM
} from './address/index.ts'
import { decodeEvents } from './events/index.ts'
import { decodeInstruction, instructionDefinitions } from './operator/index.ts'

const RUNS = { numRuns: 20 }
const other = TOKEN_PROGRAM

/** `deposit` keeps its name on the wire; the function is called what it does. */
function definitionOf(name: string) {
  const found = Object.values(instructionDefinitions).find(definition => definition.name === name)
  if (found === undefined) throw new Error(`no definition of ${name}`)
  return found
}

function codecOf(name: string): accountCodecs.AccountCodec<unknown> {
  const found = Object.values(accountCodecs).find(
    value => typeof value === 'object' && 'sizeBytes' in value && value.name === name
  )
  if (found === undefined) throw new Error(`no codec of ${name}`)
  return found as accountCodecs.AccountCodec<unknown>
}

it('knows the program', () => {
  expect(SETTLEMENT_PROGRAM).toBe(idl.address)
})

describe.each(idl.accounts)('account $name', ({ name, discriminator }) => {
  const codec = codecOf(name)
  const fields = fieldsOf(name)
  const account = arbitraryFields(fields).map(values => ({
    values,
    data: Uint8Array.from([...discriminator, ...encodeFields(fields, values)])
  }))

  it('is read as the program wrote it, and written the same', () => {
    fc.assert(
      fc.property(account, ({ values, data }) => {
        expect(data).toHaveLength(codec.sizeBytes)
        expect(codec.decode(SETTLEMENT_PROGRAM, { owner: SETTLEMENT_PROGRAM, data })).toEqual(values)
        expect(codec.encode(values)).toEqual(data)
      }),
      RUNS
    )
  })

  it('is refused from another program, of another kind, version or size, and with reserved bytes', () => {
    const [{ data } = { data: new Uint8Array() }] = fc.sample(account, 1)
    const changed = (at: number): Uint8Array => data.map((byte, index) => (index === at ? byte ^ 0x80 : byte))
    const decode = (owner: Address, bytes: Uint8Array) => () => codec.decode(SETTLEMENT_PROGRAM, { owner, data: bytes })
    const invalid = expect.objectContaining({ code: 'account-invalid' })
    expect(decode(other, data)).toThrow(invalid)
    expect(decode(SETTLEMENT_PROGRAM, changed(0))).toThrow(invalid)
    expect(decode(SETTLEMENT_PROGRAM, changed(8))).toThrow(invalid)
    expect(decode(SETTLEMENT_PROGRAM, data.subarray(0, -1))).toThrow(invalid)
    if (name !== 'Distribution') expect(decode(SETTLEMENT_PROGRAM, Uint8Array.of(...data, 0))).toThrow(invalid)
    expect(decode(SETTLEMENT_PROGRAM, new Uint8Array())).toThrow(invalid)
    const [values] = fc.sample(arbitraryFields(fields), 1)
    for (const [index, field] of fields.entries()) {
      if (!field.name.startsWith('reserved')) continue
      const at = 8 + encodeFields(fields.slice(0, index), values ?? {}).length
      expect(decode(SETTLEMENT_PROGRAM, changed(at)), `byte ${at}`).toThrow(invalid)
    }
  })
})

describe.each(idl.instructions)('instruction $name', ({ name, discriminator, accounts, args }) => {
  const definition = definitionOf(name)
  const addresses = Object.fromEntries(
    accounts.map((account, index) => [
      camelCase(account.name),
      fc.sample(arbitraryFields([{ name: 'key', type: 'pubkey' }]), { numRuns: 1, seed: index })[0]?.key
    ])
  )
  type Build = (program: Address, accounts: unknown, args: unknown) => { accounts: unknown[]; data: Uint8Array }
  const build = definition.build as unknown as Build

  it('lists the accounts in their order, with their rights', () => {
    expect(Object.keys(definition.roles)).toEqual(accounts.map(account => camelCase(account.name)))
    const wellKnown: Readonly<Record<string, string>> = {
      tokenProgram: TOKEN_PROGRAM,
      systemProgram: SYSTEM_PROGRAM,
      instructions: INSTRUCTIONS_SYSVAR
    }
    for (const { name, address } of accounts) if (address) expect(wellKnown[camelCase(name)]).toBe(address)
    const [values] = fc.sample(arbitraryFields(args), 1)
    const needed = Object.fromEntries(Object.entries(addresses).filter(([account]) => !(account in wellKnown)))
    expect(build(SETTLEMENT_PROGRAM, needed, values).accounts).toEqual(
      accounts.map(({ name, signer = false, writable = false, address }) => ({
        address: address ?? addresses[camelCase(name)],
        signer,
        writable
      }))
    )
  })

  it('is written as the program reads it, and read back', () => {
    fc.assert(
      fc.property(arbitraryFields(args), values => {
        const instruction = build(SETTLEMENT_PROGRAM, addresses, values)
        expect([...instruction.data]).toEqual([...discriminator, ...encodeFields(args, values)])
        const decoded = decodeInstruction(SETTLEMENT_PROGRAM, { ...instruction, program: SETTLEMENT_PROGRAM } as never)
        expect(decoded).toMatchObject({ accounts: addresses, args: values })
        expect(instructionDefinitions[decoded?.name ?? 'pause'].name).toBe(name)
      }),
      RUNS
    )
  })

  it('is refused with trailing bytes, and is nothing to another program', () => {
    const [values] = fc.sample(arbitraryFields(args), 1)
    const instruction = { ...build(SETTLEMENT_PROGRAM, addresses, values), program: SETTLEMENT_PROGRAM } as never as {
      data: Uint8Array
    }
    const longer = { ...instruction, data: Uint8Array.of(...instruction.data, 0) } as never
    expect(() => decodeInstruction(SETTLEMENT_PROGRAM, longer)).toThrow(expect.objectContaining({ code: 'malformed' }))
    expect(decodeInstruction(other, instruction as never)).toBeUndefined()
  })
})

it('has no instruction that the program lacks', () => {
  expect(
    Object.values(instructionDefinitions)
      .map(({ name }) => name)
      .sort()
  ).toEqual(idl.instructions.map(({ name }) => name).sort())
})

describe.each(idl.events)('event $name', ({ name, discriminator }) => {
  const fields = fieldsOf(name)

  it('is read from the logs that the program itself wrote, and from no others', () => {
    fc.assert(
      fc.property(arbitraryFields(fields), values => {
        const line = `Program data: ${encodeBase64(Uint8Array.from([...discriminator, ...encodeFields(fields, values)]))}`
        const logs = [
          line,
          `Program ${other} invoke [1]`,
          line,
          `Program ${SETTLEMENT_PROGRAM} invoke [2]`,
          `Program ${other} invoke [3]`,
          line,
          `Program ${other} success`,
          line,
          `Program ${SETTLEMENT_PROGRAM} success`,
          line,
          `Program ${other} failed: custom program error: 0x1`
        ]
        expect(decodeEvents(SETTLEMENT_PROGRAM, logs)).toEqual([{ name, fields: values }])
      }),
      RUNS
    )
  })
})
