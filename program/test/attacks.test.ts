import { Ed25519Program, type Keypair, type PublicKey, TransactionInstruction } from '@solana/web3.js'
import { describe, expect, it } from 'vitest'
import {
  type Call,
  calls,
  caseOf,
  channelOf,
  DEPOSIT,
  deployProgram,
  ed25519Instruction,
  ed25519WithSignatures,
  errorCode,
  keyOf,
  openDefaultChannel,
  PRICE,
  Runtime,
  signMessage,
  tokensIn,
  transferTokens,
  VOUCHER_KEY,
  type Voucher,
  voucherMessage,
  World
} from '../kit/index.ts'
import { writeProgram } from '../linker/index.ts'

const PAIR = { seq: 1n, amount: PRICE }

interface Scene {
  readonly world: World
  readonly key: calls.ChannelKey
  readonly voucher: Voucher
}

function scene(): Scene {
  const world = World.create()
  const key = openDefaultChannel(world)
  return { world, key, voucher: voucherOf(world, key) }
}

function voucherOf(world: World, key: calls.ChannelKey): Voucher {
  const channel = calls.channelAddress(world, key)
  const openedSlot = world.read('PaymentChannel', channel).opened_slot as bigint
  return { program: world.program, channel, openedSlot, ...PAIR }
}

/** Tries to record PAIR after whatever instructions the attacker puts before. */
function redeem({ world, key }: Scene, before: readonly TransactionInstruction[]): number | undefined {
  const call = calls.updateVoucher(world, key, VOUCHER_KEY, PAIR, world.people.bob)
  return world.send({ ...call, before }).code
}

function signed(voucher: Voucher, by: Keypair = VOUCHER_KEY): TransactionInstruction {
  return ed25519Instruction([by], voucherMessage(voucher))
}

function accountOf(call: Call, name: string): PublicKey {
  const found = call.accounts[name]
  if (found === undefined) throw new Error(`${call.name} has no ${name}`)
  return found
}

/** A program that agrees to anything: `r0 = 0; exit`. */
function agreeableProgram(): Uint8Array {
  return writeProgram(Uint8Array.of(0xb7, 0, 0, 0, 0, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0), new Uint8Array(8), 0)
}

/** The same instruction with one u16 of its offsets table replaced. */
function withOffset(instruction: TransactionInstruction, at: number, value: number): TransactionInstruction {
  const data = Buffer.from(instruction.data)
  data.writeUInt16LE(value, at)
  return new TransactionInstruction({ programId: instruction.programId, keys: [], data })
}

describe('a voucher counts once, where it was meant', () => {
  it('is accepted as the protocol document says', () => {
    const s = scene()
    expect(redeem(s, [signed(s.voucher)])).toBeUndefined()
  })

  it('is refused a second time on the same channel', () => {
    const s = scene()
    redeem(s, [signed(s.voucher)])
    expect(redeem(s, [signed(s.voucher)])).toBe(errorCode('StaleVoucher'))
  })

  it('is refused on the channel opened again at the same address', () => {
    const s = scene()
    s.world.must(calls.closeChannel(s.world, s.key, { seq: 0n, amount: 0n }))
    openDefaultChannel(s.world)
    expect(voucherOf(s.world, s.key).channel).toEqual(s.voucher.channel)
    expect(redeem(s, [signed(s.voucher)])).toBe(errorCode('InvalidVoucherSignature'))
  })

  it('cannot meet a second opening in one slot, since a channel does not close in the slot that opened it', () => {
    const { world, call } = caseOf('open_channel')
    world.must(call)
    const close = calls.closeChannel(world, channelOf(world), { seq: 0n, amount: 0n })
    expect(world.send(close).code).toBe(errorCode('OpenedThisSlot'))
    world.runtime.advance(0n)
    expect(world.send(close).error).toBe('')
  })

  it('is refused on another channel of the same parties and key', () => {
    const s = scene()
    const other = { ...s.key, nonce: 2n }
    const terms = { amount: DEPOSIT, expires_at: 0n, voucher_signer: VOUCHER_KEY.publicKey }
    s.world.must(calls.openChannel(s.world, other, terms))
    expect(redeem({ ...s, key: other }, [signed(s.voucher)])).toBe(errorCode('InvalidVoucherSignature'))
  })

  it('is refused when signed for another program', () => {
    const s = scene()
    const foreign = signed({ ...s.voucher, program: keyOf('another deployment').publicKey })
    expect(redeem(s, [foreign])).toBe(errorCode('InvalidVoucherSignature'))
  })

  it('is refused for more, or for a later sequence, than was signed', () => {
    const s = scene()
    expect(redeem(s, [signed({ ...s.voucher, amount: PRICE - 1n })])).toBe(errorCode('InvalidVoucherSignature'))
    expect(redeem(s, [signed({ ...s.voucher, seq: 2n })])).toBe(errorCode('InvalidVoucherSignature'))
  })

  it('is refused when the sender signed instead of the voucher key', () => {
    const s = scene()
    expect(redeem(s, [signed(s.voucher, s.key.sender.key)])).toBe(errorCode('InvalidVoucherSignature'))
  })
})

describe('only the Ed25519 program vouches for a signature', () => {
  it('fails the transaction when the signature is wrong', () => {
    const s = scene()
    const message = voucherMessage(s.voucher)
    const signature = signMessage(VOUCHER_KEY, message)
    signature[0] = (signature[0] ?? 0) ^ 1
    const call = calls.updateVoucher(s.world, s.key, VOUCHER_KEY, PAIR, s.world.people.bob)
    const outcome = s.world.send({
      ...call,
      before: [ed25519WithSignatures([{ key: VOUCHER_KEY.publicKey, signature }], message)]
    })
    expect(outcome).toMatchObject({ ok: false, code: undefined })
    expect(s.world.read('PaymentChannel', s.voucher.channel).voucher_seq).toBe(0n)
  })

  it('refuses the same bytes given to another program', () => {
    const s = scene()
    const accomplice = keyOf('accomplice')
    deployProgram(s.world.runtime, agreeableProgram(), accomplice, keyOf('accomplice buffer'), s.world.people.admin.key)
    const forged = new TransactionInstruction({
      programId: accomplice.publicKey,
      keys: [],
      data: signed(s.voucher).data
    })
    expect(redeem(s, [forged])).toBe(errorCode('MissingEd25519Instruction'))
  })

  it('refuses a signature that does not stand directly before', () => {
    const s = scene()
    const between = s.world.instruction(calls.updateVoucher(s.world, s.key, VOUCHER_KEY, PAIR, s.world.people.bob))
    between.programId = keyOf('accomplice').publicKey
    deployProgram(
      s.world.runtime,
      agreeableProgram(),
      keyOf('accomplice'),
      keyOf('accomplice buffer'),
      s.world.people.admin.key
    )
    expect(redeem(s, [signed(s.voucher), between])).toBe(errorCode('MissingEd25519Instruction'))
  })

  it('refuses an instruction that checks no signature', () => {
    const s = scene()
    const none = new TransactionInstruction({
      programId: Ed25519Program.programId,
      keys: [],
      data: Buffer.from([0, 0])
    })
    expect(redeem(s, [none])).toBe(errorCode('InvalidVoucherSignature'))
  })

  it('refuses offsets into another instruction, for signature, key or message', () => {
    const genuine = (s: Scene) => signed(s.voucher)
    for (const at of [4, 8, 14]) {
      const s = scene()
      // The checked bytes lie in instruction 0, the bytes we would read in instruction 1; here they agree, and it is refused all the same.
      const crossing = withOffset(genuine(s), at, 0)
      expect(redeem(s, [genuine(s), crossing])).toBe(errorCode('InvalidVoucherSignature'))
    }
  })

  it("refuses an attacker's signature dressed in the victim's bytes", () => {
    const s = scene()
    const mallory = s.world.people.mallory.key
    const own = signed(s.voucher, mallory)
    let dressed = signed(s.voucher)
    dressed.data.fill(0, 48, 112)
    for (const at of [4, 8, 14]) dressed = withOffset(dressed, at, 0)
    expect(redeem(s, [own, dressed])).toBe(errorCode('InvalidVoucherSignature'))
  })
})

describe('what strangers send to an address does not hinder it', () => {
  const funded = [
    ['claim', 'claim_receipt'],
    ['open_channel', 'channel', 'vault'],
    ['subscribe', 'subscription', 'vault'],
    ['create_creator_pool', 'creator_pool', 'vault'],
    ['post_distribution', 'distribution'],
    ['fund_content', 'content_fund'],
    ['create_plan', 'plan']
  ] as const
  // The least that the runtime lets an account hold, and more than any of them needs.
  for (const lamports of [Runtime.create().rent(0), 10n ** 10n]) {
    for (const [name, ...targets] of funded) {
      it(`${name} with ${lamports} lamports already there`, () => {
        const { world, call } = caseOf(name)
        for (const target of targets) world.runtime.airdrop(accountOf(call, target), lamports)
        expect(world.send(call).error).toBe('')
      })
    }
  }

  it('a claim with a pre-funded receipt still counts once', () => {
    const { world, call } = caseOf('claim')
    world.runtime.airdrop(accountOf(call, 'claim_receipt'), 5_000_000n)
    world.must(call)
    expect(world.send(call).code).toBe(errorCode('AlreadyClaimed'))
  })

  it('tokens sent to a vault do not stop it from closing, and go with the refund', () => {
    const { world, call } = caseOf('close_channel')
    const { mallory, alice } = world.people
    transferTokens(world.runtime, mallory.key, mallory.token, accountOf(call, 'vault'), 123n)
    const before = tokensIn(world.runtime, alice.token)
    expect(world.send(call).error).toBe('')
    expect(tokensIn(world.runtime, alice.token) - before).toBe(DEPOSIT - PRICE + 123n)
  })
})
