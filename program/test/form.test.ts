import { describe, expect, it } from 'vitest'
import { caseOf, errorCode, idl, instructionNamed, PLAN } from '../kit/index.ts'

/** What a call may fail with when its form is wrong, before anybody looks at what it asks for. */
const FORM_ERRORS = ['InvalidInstruction', 'InvalidArguments'].map(errorCode)

describe('a call of the wrong form is refused', () => {
  for (const { name } of idl.instructions) {
    it(`${name}: cut off anywhere, or with a byte too many`, () => {
      const { world, call } = caseOf(name)
      const instruction = world.instruction(call)
      const whole = instruction.data
      const lengths = Array.from({ length: whole.length }, (_, i) => i)
      for (const data of [...lengths.map(length => whole.subarray(0, length)), Buffer.concat([whole, Buffer.of(0)])]) {
        instruction.data = data
        const { code } = world.runtime.send([...(call.before ?? []), instruction], call.signers)
        expect({ length: data.length, isForm: FORM_ERRORS.includes(code ?? 0) }).toEqual({
          length: data.length,
          isForm: true
        })
      }
      expect(world.send(call).error).toBe('')
    })

    it(`${name}: with any signature missing, any account read-only, or the last one left out`, () => {
      const { world, call } = caseOf(name)
      // Somebody else pays: who pays signs and is writable whatever the instruction says.
      const payer = world.people.poster.key
      const instruction = world.instruction(call)
      const before = call.before ?? []
      for (const [position, item] of instructionNamed(name).accounts.entries()) {
        const key = instruction.keys[position]?.pubkey
        const isOther = key !== undefined && !key.equals(payer.publicKey)
        const keys = instruction.keys
        if (item.signer === true && isOther) {
          instruction.keys = keys.map(meta => (meta.pubkey.equals(key) ? { ...meta, isSigner: false } : meta))
          const signers = [payer, ...call.signers.filter(signer => !signer.publicKey.equals(key))]
          expect(world.runtime.send([...before, instruction], signers).code).toBe(errorCode('MissingSignature'))
        }
        if (item.writable === true && isOther) {
          instruction.keys = keys.map(meta => (meta.pubkey.equals(key) ? { ...meta, isWritable: false } : meta))
          const signers = [payer, ...call.signers.filter(signer => !signer.publicKey.equals(payer.publicKey))]
          const needed = signers.filter(
            signer => signer === payer || keys.some(meta => meta.isSigner && meta.pubkey.equals(signer.publicKey))
          )
          expect(world.runtime.send([...before, instruction], needed).code).toBe(errorCode('NotWritable'))
        }
        instruction.keys = keys
      }
      instruction.keys = instruction.keys.slice(0, -1)
      const outcome = world.runtime.send([...before, instruction], call.signers)
      expect(outcome.code).toBe(errorCode('WrongAccountCount'))
    })
  }
})

describe('rent', () => {
  for (const [lamportsPerByte, threshold] of [
    [3_480n, 2],
    [6_960n, 1]
  ] as const) {
    it(`is what the runtime asks for at ${lamportsPerByte} lamports a byte and a threshold of ${threshold}`, () => {
      const { world, call } = caseOf('create_plan')
      world.runtime.setRent(lamportsPerByte, threshold)
      world.must(call)
      const plan = world.addresses.plan(PLAN.service, PLAN.tier, PLAN.billing_period)
      expect(world.runtime.account(plan)?.lamports).toBe(world.runtime.rent(64))
    })
  }

  it('under a rule nobody has announced is refused, not guessed', () => {
    const { world, call } = caseOf('create_plan')
    world.runtime.setRent(3_480n, 3)
    expect(world.send(call).code).toBe(errorCode('InvalidSetting'))
  })
})
