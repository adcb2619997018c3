/** The SDK's codecs and the real program, on the local chain, through web3.js: what one writes the other understands. */
import { ed25519 } from '@noble/curves/ed25519.js'
import {
  Connection,
  Keypair,
  PublicKey,
  SendTransactionError,
  sendAndConfirmTransaction,
  Transaction,
  TransactionInstruction
} from '@solana/web3.js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Chain, settlementProgram, startChain } from '../../chain/index.ts'
import {
  type AccountCodec,
  type Address,
  associatedTokenAddress,
  claim,
  closeChannel,
  configAccount,
  createCreatorPool,
  creatorPoolAccount,
  decodeEvents,
  distributionAccount,
  encodeVoucher,
  explainRefusal,
  forceClose,
  fundCreatorPool,
  type Instruction,
  isClaimed,
  openChannel,
  parseAddress,
  paymentChannelAccount,
  planAccount,
  type RawAccount,
  requestForceClose,
  SettlementAddresses,
  type SettlementEvent,
  subscribe,
  subscriptionAccount,
  updateVoucher,
  verifyMerkleProof,
  voucherCheck
} from '../../sdk/settlement/index.ts'
import {
  buildMerkleTree,
  type DistributionMessage,
  decodeInstruction,
  encodeDistributionMessage,
  postDistribution,
  quorumCheck
} from '../../sdk/settlement/operator/index.ts'

const at = new SettlementAddresses()
const DATA = 1
const poolId = new Uint8Array(32).fill(42)

let chain: Chain
let connection: Connection
let wallet: Party
let relay: Party
let mint: Address

/** Somebody with lamports and tokens. */
interface Party {
  readonly keys: Keypair
  readonly address: Address
  readonly token: Address
}

beforeAll(async () => {
  chain = await startChain({ slotMs: 50, testMethods: true, programs: [await settlementProgram()] })
  connection = new Connection(chain.url, 'confirmed')
  mint = parseAddress(chain.mint.address)
  wallet = partyOf(Keypair.fromSeed(chain.wallet.secretKey))
  relay = await newParty()
})

afterAll(() => chain.stop())

function partyOf(keys: Keypair): Party {
  const address = parseAddress(keys.publicKey.toBase58())
  return { keys, address, token: associatedTokenAddress(address, mint) }
}

async function newParty(): Promise<Party> {
  const party = partyOf(Keypair.generate())
  await connection.requestAirdrop(party.keys.publicKey, 1_000_000_000)
  await rpc('craftec_requestTokens', party.address, 1_000_000)
  return party
}

async function rpc(method: string, ...params: unknown[]): Promise<void> {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })
  const { error } = await (await fetch(chain.url, { method: 'POST', body })).json()
  if (error) throw new Error(error.message)
}

function toWeb3({ program, accounts, data }: Instruction): TransactionInstruction {
  return new TransactionInstruction({
    programId: new PublicKey(program),
    keys: accounts.map(({ address, signer, writable }) => ({
      pubkey: new PublicKey(address),
      isSigner: signer,
      isWritable: writable
    })),
    data: Buffer.from(data)
  })
}

/** @returns what the program said it did */
async function send(signer: Party, ...instructions: readonly Instruction[]): Promise<SettlementEvent[]> {
  const transaction = new Transaction().add(...instructions.map(toWeb3))
  const signature = await sendAndConfirmTransaction(connection, transaction, [signer.keys])
  const read = await connection.getTransaction(signature, { maxSupportedTransactionVersion: 0 })
  return decodeEvents(at.program, read?.meta?.logMessages ?? [])
}

async function raw(address: Address): Promise<RawAccount> {
  const account = await connection.getAccountInfo(new PublicKey(address))
  if (account === null) throw new Error('no such account')
  return { owner: parseAddress(account.owner.toBase58()), data: account.data }
}

async function read<Account>(codec: AccountCodec<Account>, address: Address): Promise<Account> {
  return codec.decode(at.program, await raw(address))
}

async function balanceOf(party: Party): Promise<bigint> {
  return BigInt((await connection.getTokenAccountBalance(new PublicKey(party.token))).value.amount)
}

/** The refusal of a transaction in preflight. */
async function refusalOf(sending: Promise<unknown>, programs: readonly string[]) {
  const error = await sending.then(
    () => undefined,
    (cause: unknown) => cause
  )
  if (!(error instanceof SendTransactionError)) throw new Error('it was not refused', { cause: error })
  const logs = await error.getLogs(connection)
  const [, instruction, code] = /Instruction (\d+): custom program error: (0x[0-9a-f]+)/.exec(error.message) ?? []
  const json = { InstructionError: [Number(instruction), { Custom: Number(code) }] }
  return explainRefusal(json, { settlement: at.program, programs, logs })
}

describe('the settlement program of a local chain', () => {
  it('is configured, and sells plans', async () => {
    const config = await read(configAccount, at.config())
    expect(config).toMatchObject({ admin: chain.admin.address, mint, feeBps: 500, paused: false, aggregatorCount: 1 })
    const plans = await connection.getProgramAccounts(new PublicKey(at.program), {
      filters: [{ dataSize: planAccount.sizeBytes }]
    })
    const prices = plans.map(
      ({ account }) => planAccount.decode(at.program, { owner: at.program, data: account.data }).price
    )
    expect(prices).toHaveLength(18)
    expect(prices.filter(price => price === 0n)).toHaveLength(2)
  })

  it('sells a subscription at the price of its plan, and at no other', async () => {
    const plan = at.plan({ service: DATA, tier: 2, billingPeriod: 0 })
    const { price } = await read(planAccount, plan)
    const order = { subscriber: wallet.address, subscriberToken: wallet.token, poolId, plan, mint }
    const cheaper = subscribe(at, { ...order, price: price - 1n })
    expect(await refusalOf(send(wallet, cheaper), [at.program])).toMatchObject({ name: 'PriceChanged', code: 6025 })
    const before = await balanceOf(wallet)
    const bought = subscribe(at, { ...order, price })
    expect(decodeInstruction(at.program, bought)).toMatchObject({ name: 'subscribe', args: { price, poolId } })
    const [event] = await send(wallet, bought)
    expect(event).toMatchObject({ name: 'Subscribed', fields: { subscriber: wallet.address, paid: price, tier: 2 } })
    expect(await balanceOf(wallet)).toBe(before - price)
    const subscription = await read(subscriptionAccount, at.subscription(wallet.address, poolId))
    expect(subscription).toMatchObject({ poolId, tier: 2, ledger: { owner: wallet.address, balance: price } })
    expect(subscription.expiresAt - subscription.startedAt).toBe(30n * 86_400n)
  })

  it('pays vouchers that a session key signed, once, and refuses forged and stale ones', async () => {
    const secret = ed25519.utils.randomSecretKey()
    const voucherSigner = parseAddress(new PublicKey(ed25519.getPublicKey(secret)).toBase58())
    const key = { sender: wallet.address, receiver: relay.address, nonce: 1n }
    const channel = at.channel(key)
    const terms = { senderToken: wallet.token, mint, amount: 1_000_000n, expiresAt: 0n, voucherSigner }
    expect(await send(wallet, openChannel(at, { ...key, ...terms }))).toMatchObject([{ name: 'ChannelOpened' }])
    const { openedSlot } = await read(paymentChannelAccount, channel)
    const sign = (seq: bigint, amount: bigint) => {
      const voucher = { program: at.program, channel, openedSlot, seq, amount }
      return { voucher, signature: ed25519.sign(encodeVoucher(voucher), secret) }
    }
    const record = (seq: bigint, amount: bigint) => [
      voucherCheck(voucherSigner, sign(seq, amount)),
      updateVoucher(at, channel, { seq, amount })
    ]
    expect(await send(relay, ...record(3n, 400_000n))).toMatchObject([
      { name: 'VoucherUpdated', fields: { amount: 400_000n } }
    ])
    const programs = ['Ed25519SigVerify111111111111111111111111111', at.program]
    expect(await refusalOf(send(relay, ...record(3n, 500_000n)), programs)).toMatchObject({ name: 'StaleVoucher' })
    const [check] = record(4n, 500_000n)
    if (check === undefined) throw new Error('no check')
    const forged = [check, updateVoucher(at, channel, { seq: 4n, amount: 900_000n })]
    expect(await refusalOf(send(relay, ...forged), programs)).toMatchObject({ name: 'InvalidVoucherSignature' })

    const [senderBefore, receiverBefore] = [await balanceOf(wallet), await balanceOf(relay)]
    const newest = { seq: 5n, amount: 600_000n }
    const settle = closeChannel(at, { ...key, senderToken: wallet.token, receiverToken: relay.token, voucher: newest })
    expect(await send(relay, voucherCheck(voucherSigner, sign(5n, 600_000n)), settle)).toMatchObject([
      { name: 'ChannelClosed', fields: { receiverPayout: 570_000n, protocolFee: 30_000n, senderRefund: 400_000n } }
    ])
    expect((await balanceOf(relay)) - receiverBefore).toBe(570_000n)
    expect((await balanceOf(wallet)) - senderBefore).toBe(400_000n)
    await expect(raw(channel)).rejects.toThrow('no such account')
  })

  it('lets the sender close alone once the delay has passed', async () => {
    const key = { sender: wallet.address, receiver: relay.address, nonce: 2n }
    const terms = { senderToken: wallet.token, mint, amount: 500_000n, expiresAt: 0n, voucherSigner: wallet.address }
    await send(wallet, openChannel(at, { ...key, ...terms }))
    await send(wallet, requestForceClose(at, key))
    const finish = forceClose(at, { ...key, senderToken: wallet.token, receiverToken: relay.token })
    expect(await refusalOf(send(wallet, finish), [at.program])).toMatchObject({ name: 'ForceCloseTooEarly' })
    await rpc('craftec_advanceTime', 3601)
    expect(await send(wallet, finish)).toMatchObject([
      { name: 'ChannelClosed', fields: { senderRefund: 500_000n, forced: true } }
    ])
  })

  it.each([
    ['bitmap', 0],
    ['receipts', 1]
  ])('shares a pool out, to each his share, once: %s', async (_, mode) => {
    const creator = await newParty()
    const pool = at.creatorPool(creator.address)
    await send(creator, createCreatorPool(at, { creator: creator.address, mint, service: DATA }))
    const deposit = {
      depositor: wallet.address,
      depositorToken: wallet.token,
      creator: creator.address,
      amount: 900_000n
    }
    await send(wallet, fundCreatorPool(at, deposit))
    const { ledger } = await read(creatorPoolAccount, pool)

    const operators = [relay, wallet, creator]
    const tree = buildMerkleTree(
      operators.map(({ keys }, index) => ({ operator: keys.publicKey.toBytes(), weight: BigInt(index + 1) }))
    )
    const key = { pool, poolOpenedSlot: ledger.openedSlot, epoch: ledger.epoch }
    const terms = { amount: 600_000n, totalWeight: tree.totalWeight, root: tree.root, entries: 3, mode }
    const message: DistributionMessage = { ...key, ...terms, program: at.program, openedSlot: ledger.openedSlot }
    const signature = ed25519.sign(encodeDistributionMessage(message), chain.admin.secretKey)
    const quorum = quorumCheck(message, [{ signer: parseAddress(chain.admin.address), signature }])
    const [posted] = await send(wallet, quorum, postDistribution(at, { ...key, ...terms, poster: wallet.address }))
    expect(posted).toMatchObject({ name: 'DistributionPosted', fields: { pool, entries: 3 } })

    const distribution = at.distribution(key)
    const index = tree.indexOf(relay.keys.publicKey.toBytes())
    const proof = tree.proof(index)
    expect(
      verifyMerkleProof(tree.root, 3, { operator: relay.keys.publicKey.toBytes(), weight: 1n, index, proof })
    ).toBe(true)
    const before = await balanceOf(relay)
    const mine = {
      distribution,
      pool,
      mode,
      operator: relay.address,
      operatorToken: relay.token,
      weight: 1n,
      index,
      proof
    }
    expect(await send(relay, claim(at, mine))).toMatchObject([
      { name: 'RewardsClaimed', fields: { grossPayout: 100_000n, protocolFee: 5_000n, netPayout: 95_000n } }
    ])
    expect((await balanceOf(relay)) - before).toBe(95_000n)
    const account = await raw(distribution)
    const decoded = distributionAccount.decode(at.program, account)
    expect(decoded).toMatchObject({ claims: 1, claimedWeight: 1n })
    const marks = [0, 1, 2].map(entry => isClaimed(decoded, account, entry))
    expect(marks).toEqual(mode === 0 ? [0, 1, 2].map(entry => entry === index) : [undefined, undefined, undefined])
    await rpc('craftec_advanceSlots', 1)
    const again = claim(at, mine)
    expect(await refusalOf(send(relay, again), [at.program])).toMatchObject({ name: 'AlreadyClaimed' })
  })
})
