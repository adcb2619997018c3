/** Bytes and texts from whoever: each decoder answers with a value or a typed error, and what it accepts it writes back the same. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeBase64 } from '../codec/index.ts'
import { CraftecError } from '../errors/index.ts'
import * as accounts from './accounts/index.ts'
import { SETTLEMENT_PROGRAM } from './address/index.ts'
import { discriminator } from './discriminator.ts'
import { decodeEvents, eventCodecs } from './events/index.ts'
import { decodeSignedVoucher, decodeVoucher, encodeSignedVoucher, encodeVoucher } from './messages/index.ts'
import {
  decodeDistributionMessage,
  decodeInstruction,
  encodeDistributionMessage,
  instructionDefinitions
} from './operator/index.ts'
import { craftnetInstructions, decodeForeignInstruction, genericInstructions } from './reference/index.ts'

const anyBytes = fc.uint8Array({ maxLength: 300 })
const accountCodecs = Object.values(accounts).filter(value => typeof value === 'object' && 'sizeBytes' in value)

/** Undefined when `decode` refused with a typed error; anything else that it throws fails the test. */
function attempt<Value>(decode: () => Value): Value | undefined {
  try {
    return decode()
  } catch (error) {
    expect(error).toBeInstanceOf(CraftecError)
    expect(['malformed', 'account-invalid']).toContain(error instanceof CraftecError ? error.code : undefined)
    return undefined
  }
}

/** Bytes that begin well, so that more than the first check is met. */
function tagged(tags: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> {
  return fc.tuple(fc.constantFrom(...tags), anyBytes).map(([tag, rest]) => Uint8Array.from([...tag, ...rest]))
}

describe('hostile input', () => {
  it('as an account', () => {
    fc.assert(
      fc.property(fc.constantFrom(...accountCodecs), anyBytes, fc.boolean(), (codec, bytes, exact) => {
        const body = exact ? Uint8Array.from({ length: codec.sizeBytes - 8 }, (_, at) => bytes[at] ?? 0) : bytes
        const data = Uint8Array.from([...codec.discriminator(), ...body])
        const decode = codec.decode as (program: string, account: object) => unknown
        const account = attempt(() => decode(SETTLEMENT_PROGRAM, { owner: SETTLEMENT_PROGRAM, data }))
        if (account === undefined) return
        const encoded = (codec.encode as (account: unknown) => Uint8Array)(account)
        expect(encoded).toEqual(data.subarray(0, codec.sizeBytes))
      }),
      { numRuns: 500 }
    )
  })

  it('as an instruction, of ours or of the reference', () => {
    const names = Object.values(instructionDefinitions).map(({ name }) => name)
    const tags = [...names, 'force_close', 'open_channel'].map(name => discriminator('global', name))
    fc.assert(
      fc.property(tagged(tags), data => {
        attempt(() => decodeInstruction(SETTLEMENT_PROGRAM, { program: SETTLEMENT_PROGRAM, accounts: [], data }))
        attempt(() => decodeForeignInstruction(genericInstructions, data))
        attempt(() => decodeForeignInstruction(craftnetInstructions, data))
      }),
      { numRuns: 300 }
    )
  })

  it('as logs', () => {
    const tags = Object.keys(eventCodecs).map(name => discriminator('event', name))
    const line = fc.oneof(
      tagged(tags).map(bytes => `Program data: ${encodeBase64(bytes)}`),
      fc.string().map(text => `Program data: ${text}`),
      fc.constantFrom(
        `Program ${SETTLEMENT_PROGRAM} invoke [1]`,
        `Program ${SETTLEMENT_PROGRAM} success`,
        'Program  invoke [1]',
        'Program data: '
      ),
      fc.string()
    )
    fc.assert(
      fc.property(fc.array(line, { maxLength: 20 }), logs => {
        for (const { name } of decodeEvents(SETTLEMENT_PROGRAM, logs)) expect(eventCodecs).toHaveProperty(name)
      }),
      { numRuns: 300 }
    )
  })

  it('as a message to sign', () => {
    const prefix = (text: string) => tagged([new TextEncoder().encode(text)])
    fc.assert(
      fc.property(
        prefix('craftec/voucher1'),
        prefix('craftec/payouts1'),
        fc.constantFrom(104, 168, 152, 0, 500),
        (a, b, size) => {
          const [voucher, payouts] = [a, b].map(bytes => Uint8Array.from({ length: size }, (_, at) => bytes[at] ?? 0))
          if (voucher === undefined || payouts === undefined) throw new Error('two messages')
          const plain = attempt(() => decodeVoucher(voucher))
          if (plain) expect(encodeVoucher(plain)).toEqual(voucher)
          const signed = attempt(() => decodeSignedVoucher(voucher))
          if (signed) expect(encodeSignedVoucher(signed)).toEqual(voucher)
          const message = attempt(() => decodeDistributionMessage(payouts))
          if (message) expect(encodeDistributionMessage(message)).toEqual(payouts)
        }
      ),
      { numRuns: 300 }
    )
  })
})
