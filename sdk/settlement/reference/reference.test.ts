import { describe, expect, it } from 'vitest'
import { encodeHex } from '../../codec/index.ts'
import { addressFromBytes, TOKEN_PROGRAM } from '../address/index.ts'
import {
  CRAFTNET_SETTLEMENT_PROGRAM,
  craftnetConfig,
  craftnetPricingPlan,
  craftnetSubscription,
  GENERIC_SETTLEMENT_PROGRAM,
  genericConfig,
  genericCreatorPool,
  genericInstructions,
  genericPaymentChannel
} from './index.ts'
import { decodeForeignInstruction } from './read-only.ts'

type Kind = 'u8' | 'bool' | 'u16' | 'u64' | 'pubkey' | 'hash'
/** Offset, name and type of each field, as the reference's programs lay them out. */
type Layout = readonly (readonly [offset: number, name: string, kind: Kind])[]

const channelLayout: Layout = [
  [8, 'sender', 'pubkey'],
  [40, 'receiver', 'pubkey'],
  [72, 'nonce', 'u64'],
  [80, 'lockedAmount', 'u64'],
  [88, 'voucherAmount', 'u64'],
  [96, 'voucherSeq', 'u64'],
  [104, 'forceCloseSlot', 'u64'],
  [112, 'createdAt', 'u64'],
  [120, 'bump', 'u8']
]
const poolLayout: Layout = [
  [8, 'creator', 'pubkey'],
  [40, 'service', 'u8'],
  [41, 'poolBalance', 'u64'],
  [49, 'createdAt', 'u64'],
  [57, 'currentEpoch', 'u64'],
  [65, 'epochBalance', 'u64'],
  [73, 'totalWeight', 'u64'],
  [81, 'distributionRoot', 'hash'],
  [113, 'distributionPosted', 'bool'],
  [114, 'lastDistributionAt', 'u64'],
  [122, 'bump', 'u8']
]
const subscriptionLayout: Layout = [
  [8, 'poolPubkey', 'hash'],
  [40, 'tier', 'u8'],
  [41, 'startDate', 'u64'],
  [49, 'createdAt', 'u64'],
  [57, 'expiresAt', 'u64'],
  [65, 'poolBalance', 'u64'],
  [73, 'originalPoolBalance', 'u64'],
  [81, 'totalReceipts', 'u64'],
  [89, 'distributionRoot', 'hash'],
  [121, 'distributionPosted', 'bool']
]

const ACCOUNTS = [
  {
    codec: genericConfig,
    program: GENERIC_SETTLEMENT_PROGRAM,
    tag: '9b0caae01efacc82',
    layout: [
      [8, 'admin', 'pubkey'],
      [40, 'protocolFeeBps', 'u16'],
      [42, 'treasury', 'pubkey'],
      [74, 'paused', 'bool'],
      [75, 'bump', 'u8']
    ]
  },
  { codec: genericCreatorPool, program: GENERIC_SETTLEMENT_PROGRAM, tag: '099159d3003e726b', layout: poolLayout },
  { codec: genericPaymentChannel, program: GENERIC_SETTLEMENT_PROGRAM, tag: '356674809617aa8a', layout: channelLayout },
  {
    codec: craftnetConfig,
    program: CRAFTNET_SETTLEMENT_PROGRAM,
    tag: '9b0caae01efacc82',
    layout: [
      [8, 'admin', 'pubkey'],
      [40, 'paused', 'bool']
    ]
  },
  {
    codec: craftnetPricingPlan,
    program: CRAFTNET_SETTLEMENT_PROGRAM,
    tag: '01cf3e01be18151a',
    layout: [
      [8, 'tier', 'u8'],
      [9, 'billingPeriod', 'u8'],
      [10, 'priceUsdc', 'u64'],
      [18, 'active', 'bool'],
      [19, 'updatedAt', 'u64']
    ]
  },
  {
    codec: craftnetSubscription,
    program: CRAFTNET_SETTLEMENT_PROGRAM,
    tag: 'f7010648ac421880',
    layout: subscriptionLayout
  }
] as const satisfies readonly { readonly layout: Layout; readonly [key: string]: unknown }[]

/** Writes a value that no other field has, and says what should be read. */
function place(data: Uint8Array, [offset, , kind]: Layout[number]): unknown {
  const view = new DataView(data.buffer)
  if (kind === 'u64') view.setBigUint64(offset, BigInt(offset) * 1_000_003n, true)
  else if (kind === 'u16') view.setUint16(offset, 0x1234, true)
  else if (kind === 'bool') view.setUint8(offset, 1)
  else if (kind === 'u8') view.setUint8(offset, offset)
  else data.fill(offset, offset, offset + 32)
  const bytes = data.slice(offset, offset + 32)
  const values = { u64: BigInt(offset) * 1_000_003n, u16: 0x1234, bool: true, u8: offset, hash: bytes }
  return kind === 'pubkey' ? addressFromBytes(bytes) : values[kind]
}

describe.each(ACCOUNTS)('$codec.name of $program', ({ codec, program, tag, layout }) => {
  it('is read field by field where the reference has it', () => {
    expect(encodeHex(codec.discriminator())).toBe(tag)
    const data = new Uint8Array(codec.sizeBytes)
    data.set(codec.discriminator())
    const expected = Object.fromEntries(layout.map(field => [field[1], place(data, field)]))
    expect(codec.decode(program, { owner: program, data })).toEqual(expected)
    expect(() => codec.decode(program, { owner: TOKEN_PROGRAM, data })).toThrow(
      expect.objectContaining({ code: 'account-invalid' })
    )
    expect(() => codec.decode(program, { owner: program, data: data.subarray(1) })).toThrow(
      expect.objectContaining({ code: 'account-invalid' })
    )
  })
})

describe('instructions of the generic program', () => {
  it('are read by their discriminators', () => {
    const deposit = Uint8Array.of(0xf2, 0x23, 0xc6, 0x89, 0x52, 0xe1, 0xf2, 0xb6, 1, 2, 0, 0, 0, 0, 0, 0)
    expect(decodeForeignInstruction(genericInstructions, deposit)).toEqual({ name: 'deposit', args: { amount: 513n } })
    const update = Uint8Array.of(0x1d, 0x9e, 0xfc, 0xbf, 0x0a, 0x53, 0xdb, 0x63, 1, 0xf4, 1, 0, 1, 0)
    expect(decodeForeignInstruction(genericInstructions, update)).toEqual({
      name: 'update_config',
      args: { newFeeBps: 500, newAdmin: undefined, paused: false }
    })
  })
})
