/** What the reference's settlement code writes and computes, against the SDK. */
import { ed25519 } from '@noble/curves/ed25519.js'
import { describe, expect, it } from 'vitest'
import {
  type BorshCodec,
  bool,
  decodeBorsh,
  decodeHex,
  encodeBorsh,
  encodeHex,
  fixedBytes,
  i64,
  struct,
  u8,
  u32,
  u64
} from '../../sdk/codec/index.ts'
import { feeOf, money, parseAddress, shareOf, verifyMerkleProof } from '../../sdk/settlement/index.ts'
import { buildMerkleTree } from '../../sdk/settlement/operator/index.ts'
import { craftnetInstructions, decodeForeignInstruction } from '../../sdk/settlement/reference/index.ts'
import merkle from './merkle.json' with { type: 'json' }
import core from './settlement_craftec.json' with { type: 'json' }
import craftnet from './settlement_craftnet.json' with { type: 'json' }

const token = { mint: parseAddress(craftnet.usdc_mint), decimals: 6, symbol: 'USDC' }
const key = fixedBytes(32)

/** `pat(n, seed)` of the vectors' conventions. */
function pattern(length: number, seed: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (index * 131 + (index >> 8) * 17 + seed) & 0xff)
}

describe('Merkle trees of the reference', () => {
  it.each(merkle.cases)('have the root and the proofs of the vectors: $n entries', vector => {
    const entries = vector.entries_in.map(([operator, weight]) => ({
      operator: decodeHex(String(operator)),
      weight: BigInt(weight ?? 0)
    }))
    const tree = buildMerkleTree(entries)
    expect(encodeHex(tree.root)).toBe(vector.root)
    expect(tree.entries.map(({ operator, weight }) => [encodeHex(operator), Number(weight)])).toEqual(
      vector.entries_sorted
    )
    for (const { leaf_index: index, siblings } of vector.proofs) {
      const entry = tree.entries[index]
      const proof = siblings.map(sibling => decodeHex(sibling))
      if (entry === undefined) {
        // The vectors prove the padding too; nobody can claim it.
        expect(verifyMerkleProof(tree.root, vector.n, { operator: new Uint8Array(32), weight: 0n, index, proof })).toBe(
          false
        )
        continue
      }
      expect(tree.proof(index).map(hash => encodeHex(hash))).toEqual(siblings)
      expect(verifyMerkleProof(tree.root, vector.n, { ...entry, index, proof })).toBe(true)
    }
    const output = struct({ root: key, totalWeight: u64, entries: u32, pool: key })
    expect(decodeBorsh(output, decodeHex(vector.guest_output_76), 'guest output')).toEqual({
      root: tree.root,
      totalWeight: tree.totalWeight,
      entries: vector.n,
      pool: decodeHex(vector.pool_id)
    })
  })

  it('are sorted, whatever the order of the entries', () => {
    const [, three] = merkle.cases
    expect(three?.root).not.toBe(merkle.unsorted_root_of_3)
  })
})

describe('instructions of the CraftNet program', () => {
  const decoded = craftnet.instructions.flatMap(({ transaction }) =>
    transaction
      .filter(({ program_id }) => program_id === craftnet.program_id)
      .map(({ data }) => decodeForeignInstruction(craftnetInstructions, decodeHex(data)))
  )
  const pool = decodeHex(craftnet.pool_pubkey)

  it('are read as the reference client wrote them', () => {
    expect(decoded).toEqual([
      { name: 'initialize_config', args: {} },
      { name: 'update_plan', args: { newPriceUsdc: 20_000_000n } },
      {
        name: 'subscribe',
        args: {
          poolPubkey: pool,
          tier: 2,
          paymentAmount: 40_000_000n,
          durationSecs: 2_592_000n,
          startDate: 1_700_000_000n
        }
      },
      {
        name: 'post_distribution',
        args: {
          poolPubkey: pool,
          distributionRoot: expect.any(Uint8Array),
          totalReceipts: 123_456n,
          groth16Proof: [...pattern(260, 1)],
          sp1PublicInputs: [...pattern(76, 2)]
        }
      }
    ])
  })

  it('are nothing when the discriminator is unknown, and malformed when cut', () => {
    expect(decodeForeignInstruction(craftnetInstructions, pattern(8, 1))).toBeUndefined()
    const [, update] = craftnet.instructions
    const data = decodeHex(update?.transaction[0]?.data ?? '').subarray(0, -1)
    expect(() => decodeForeignInstruction(craftnetInstructions, data)).toThrow(
      expect.objectContaining({ code: 'malformed' })
    )
  })
})

/**
 * The reference's shared crate writes bincode with one-byte numbers for instructions. No program of any chain reads it, so the SDK has
 * no codec for it: it is put together here, which shows that the parts are the same.
 */
describe('the shared crate of the reference', () => {
  const bytes64: BorshCodec<Uint8Array> = {
    read: reader => reader.bytes(Number(u64.read(reader))).slice(),
    write: (writer, value) => {
      u64.write(writer, BigInt(value.length))
      writer.bytes(value)
    }
  }
  const [user, node, pool] = [core.user, core.node, core.pool].map(hex => decodeHex(hex))

  it.each([
    [
      'creator_pool',
      struct({
        creator: key,
        balance: u64,
        originalBalance: u64,
        tier: u32,
        fundedContents: u32,
        posted: bool,
        root: key,
        totalWeight: u64,
        createdAt: i64
      }),
      {
        creator: user,
        balance: 1_000_000n,
        originalBalance: 2_000_000n,
        tier: 2,
        posted: true,
        totalWeight: 77n,
        createdAt: -5n
      }
    ],
    [
      'payment_channel',
      struct({
        user: key,
        node: key,
        locked: u64,
        redeemed: u64,
        nonce: u64,
        open: bool,
        createdAt: i64,
        expiresAt: i64
      }),
      { user, node, locked: 50_000_000n, redeemed: 1n, nonce: 2n, open: true, expiresAt: 1_703_000_000n }
    ],
    [
      'pool',
      struct({
        pool: key,
        service: u8,
        tier: u8,
        startDate: i64,
        createdAt: i64,
        expiresAt: i64,
        balance: u64,
        originalBalance: u64,
        totalWeight: u64,
        root: key,
        posted: bool
      }),
      {
        pool,
        service: 1,
        tier: 2,
        startDate: 1_700_000_000n,
        balance: 10n,
        totalWeight: 30n,
        root: user,
        posted: false
      }
    ]
  ] as const)('writes accounts that can be read: %s', (name, codec, expected) => {
    const bytes = decodeHex(core.account_bincode[name])
    const account = decodeBorsh(codec as BorshCodec<unknown>, bytes, name)
    expect(account).toMatchObject(expected)
    expect(encodeBorsh(codec as BorshCodec<unknown>, account)).toEqual(bytes)
  })

  it.each([
    ['initialize_config(user)', 0, struct({ admin: key, feeBps: u64 }), { admin: user, feeBps: 500n }],
    ['create_creator_pool(user,2)', 5, struct({ creator: key, tier: u8 }), { creator: user, tier: 2 }],
    [
      'fund_creator_pool(user,1000000)',
      6,
      struct({ creator: key, amount: u64 }),
      { creator: user, amount: 1_000_000n }
    ],
    [
      'fund_content(user,pool,5000000,2)',
      7,
      struct({ creator: key, content: key, amount: u64, tier: u8 }),
      { creator: user, content: pool, amount: 5_000_000n, tier: 2 }
    ],
    [
      'post_distribution(pool,node,1000,pat(8,1),pat(76,2))',
      8,
      struct({ pool: key, root: key, totalWeight: u64, proof: bytes64, inputs: bytes64 }),
      { pool, root: node, totalWeight: 1000n, proof: pattern(8, 1), inputs: pattern(76, 2) }
    ],
    [
      'open_payment_channel(user,node,50000000,1703000000)',
      10,
      struct({ user: key, node: key, amount: u64, expiresAt: i64 }),
      { user, node, amount: 50_000_000n, expiresAt: 1_703_000_000n }
    ],
    [
      'settle_payment_channel(user,node,25000000,5,pat(64,3))',
      11,
      struct({ user: key, node: key, amount: u64, nonce: u64, signature: bytes64 }),
      { user, node, amount: 25_000_000n, nonce: 5n, signature: pattern(64, 3) }
    ],
    ['close_payment_channel(user,node)', 12, struct({ user: key, node: key }), { user, node }]
  ] as const)('writes instructions that can be read: %s', (name, number, codec, expected) => {
    const [first, ...rest] = decodeHex(core.instructions[name])
    expect(first).toBe(number)
    expect(decodeBorsh(codec as BorshCodec<unknown>, Uint8Array.from(rest), name)).toEqual(expected)
  })

  it('signs vouchers that verify', () => {
    const { voucher } = core
    const signable = struct({ channel: key, amount: u64, nonce: u64 })
    const message = encodeBorsh(signable, {
      channel: decodeHex(voucher.channel),
      amount: BigInt(voucher.amount),
      nonce: BigInt(voucher.nonce)
    })
    expect(encodeHex(message)).toBe(voucher.signable)
    const signer = ed25519.getPublicKey(decodeHex(voucher.user_secret))
    expect(ed25519.verify(decodeHex(voucher.signature), message, signer)).toBe(true)
  })

  it('takes the same fees, except where it overflows', () => {
    for (const [amount, fee, payout] of core.default_fee_amount_fee_payout) {
      const whole = money(BigInt(amount ?? ''), token)
      const taken = feeOf(whole, 500).units
      if (whole.units === 2n ** 64n - 1n) {
        // The reference multiplies in u64 and stops at its end: a fee of 1 % instead of 5 %.
        expect(taken).toBeGreaterThan(BigInt(fee ?? ''))
        expect(taken).toBe((whole.units * 5n) / 100n)
      } else expect([taken, whole.units - taken]).toEqual([BigInt(fee ?? ''), BigInt(payout ?? '')])
    }
  })

  it('pays the same shares, except where it overflows', () => {
    for (const [balance, weight, total, fee, payout] of core.proportional_balance_weight_total_fee_payout_at_500bps) {
      const share = shareOf(money(BigInt(balance ?? ''), token), BigInt(weight ?? ''), BigInt(total ?? ''))
      const taken = feeOf(share, 500)
      if (share.units > 2n ** 62n) expect(taken.units).toBeGreaterThan(BigInt(fee ?? ''))
      else expect([taken.units, share.units - taken.units]).toEqual([BigInt(fee ?? ''), BigInt(payout ?? '')])
    }
  })
})
