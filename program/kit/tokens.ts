/** SPL Token set-up through the real token program (instruction layouts of spl-token). */
import { Keypair, PublicKey, SystemProgram, TransactionInstruction } from '@solana/web3.js'
import { ByteReader, ByteWriter } from '../../sdk/codec/index.ts'
import type { Runtime } from './runtime.ts'

export const TOKEN_PROGRAM = new PublicKey('TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA')
export const TOKEN_2022_PROGRAM = new PublicKey('TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb')
const MINT_BYTES = 82
const ACCOUNT_BYTES = 165
const TRANSFER = 3
const MINT_TO = 7
const INITIALIZE_ACCOUNT_3 = 18
const INITIALIZE_MINT_2 = 20
const DECIMALS = 6
const AMOUNT_AT = 64

function call(
  program: PublicKey,
  keys: readonly (readonly [PublicKey, boolean, boolean])[],
  data: Uint8Array
): TransactionInstruction {
  return new TransactionInstruction({
    programId: program,
    keys: keys.map(([pubkey, isSigner, isWritable]) => ({ pubkey, isSigner, isWritable })),
    data: Buffer.from(data)
  })
}

/** A mint of six decimals, in whose name `authority` mints. */
export function createMint(runtime: Runtime, authority: Keypair, mint: Keypair, program = TOKEN_PROGRAM): PublicKey {
  const data = new ByteWriter().u8(INITIALIZE_MINT_2).u8(DECIMALS).bytes(authority.publicKey.toBytes()).u8(0).finish()
  const outcome = runtime.send(
    [create(runtime, authority, mint, MINT_BYTES, program), call(program, [[mint.publicKey, false, true]], data)],
    [authority, mint]
  )
  if (!outcome.ok) throw new Error(outcome.error)
  return mint.publicKey
}

/** A token account of `owner`, which need not sign. */
export function createTokenAccount(
  runtime: Runtime,
  payer: Keypair,
  mint: PublicKey,
  owner: PublicKey,
  program = TOKEN_PROGRAM
): PublicKey {
  const account = Keypair.generate()
  const data = new ByteWriter().u8(INITIALIZE_ACCOUNT_3).bytes(owner.toBytes()).finish()
  const initialize = call(
    program,
    [
      [account.publicKey, false, true],
      [mint, false, false]
    ],
    data
  )
  const outcome = runtime.send([create(runtime, payer, account, ACCOUNT_BYTES, program), initialize], [payer, account])
  if (!outcome.ok) throw new Error(outcome.error)
  return account.publicKey
}

export function mintTo(runtime: Runtime, authority: Keypair, mint: PublicKey, to: PublicKey, amount: bigint): void {
  const keys = [
    [mint, false, true],
    [to, false, true],
    [authority.publicKey, true, false]
  ] as const
  const outcome = runtime.send(
    [call(TOKEN_PROGRAM, keys, new ByteWriter().u8(MINT_TO).u64le(amount).finish())],
    [authority]
  )
  if (!outcome.ok) throw new Error(outcome.error)
}

export function transferTokens(runtime: Runtime, owner: Keypair, from: PublicKey, to: PublicKey, amount: bigint): void {
  const keys = [
    [from, false, true],
    [to, false, true],
    [owner.publicKey, true, false]
  ] as const
  const outcome = runtime.send(
    [call(TOKEN_PROGRAM, keys, new ByteWriter().u8(TRANSFER).u64le(amount).finish())],
    [owner]
  )
  if (!outcome.ok) throw new Error(outcome.error)
}

/** Base units in a token account; zero when there is none. */
export function tokensIn(runtime: Runtime, account: PublicKey): bigint {
  const state = runtime.account(account)
  if (state === undefined || state.data.length < ACCOUNT_BYTES) return 0n
  return new ByteReader(state.data.subarray(AMOUNT_AT, AMOUNT_AT + 8), 'token amount').u64le()
}

function create(
  runtime: Runtime,
  payer: Keypair,
  account: Keypair,
  space: number,
  program: PublicKey
): TransactionInstruction {
  return SystemProgram.createAccount({
    fromPubkey: payer.publicKey,
    newAccountPubkey: account.publicKey,
    lamports: Number(runtime.rent(space)),
    space,
    programId: program
  })
}
