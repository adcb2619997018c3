/** Deploys a program as a deployer does: into a buffer, chunk by chunk, then through the upgradeable loader. */
import {
  type Keypair,
  PublicKey,
  SYSVAR_CLOCK_PUBKEY,
  SYSVAR_RENT_PUBKEY,
  SystemProgram,
  TransactionInstruction
} from '@solana/web3.js'
import { ByteWriter } from '../../sdk/codec/index.ts'
import type { Outcome, Runtime } from './runtime.ts'

export const UPGRADEABLE_LOADER = new PublicKey('BPFLoaderUpgradeab1e11111111111111111111111')
const BUFFER_HEADER_BYTES = 37
const PROGRAM_BYTES = 36
const CHUNK_BYTES = 900
const INITIALIZE_BUFFER = 0
const WRITE = 1
const DEPLOY = 2

export function programDataAddress(program: PublicKey): PublicKey {
  return PublicKey.findProgramAddressSync([program.toBytes()], UPGRADEABLE_LOADER)[0]
}

/**
 * @param authority pays, and may upgrade afterwards
 * @throws Error when the loader refuses the file
 */
export function deployProgram(
  runtime: Runtime,
  file: Uint8Array,
  program: Keypair,
  buffer: Keypair,
  authority: Keypair
): void {
  const payer = authority.publicKey
  const account = (pubkey: PublicKey, isSigner: boolean, isWritable: boolean) => ({ pubkey, isSigner, isWritable })
  const call = (keys: ReturnType<typeof account>[], data: Uint8Array): TransactionInstruction =>
    new TransactionInstruction({ programId: UPGRADEABLE_LOADER, keys, data: Buffer.from(data) })
  const create = (key: PublicKey, space: number): TransactionInstruction =>
    SystemProgram.createAccount({
      fromPubkey: payer,
      newAccountPubkey: key,
      lamports: Number(runtime.rent(space)),
      space,
      programId: UPGRADEABLE_LOADER
    })
  const target = account(buffer.publicKey, false, true)
  const initialize = call([target, account(payer, false, false)], new ByteWriter().u32le(INITIALIZE_BUFFER).finish())
  expectOk(runtime.send([create(buffer.publicKey, BUFFER_HEADER_BYTES + file.length), initialize], [authority, buffer]))
  for (let offset = 0; offset < file.length; offset += CHUNK_BYTES) {
    const chunk = file.subarray(offset, offset + CHUNK_BYTES)
    const data = new ByteWriter().u32le(WRITE).u32le(offset).u64le(BigInt(chunk.length)).bytes(chunk).finish()
    expectOk(runtime.send([call([target, account(payer, true, false)], data)], [authority]))
  }
  const deploy = call(
    [
      account(payer, true, true),
      account(programDataAddress(program.publicKey), false, true),
      account(program.publicKey, false, true),
      target,
      account(SYSVAR_RENT_PUBKEY, false, false),
      account(SYSVAR_CLOCK_PUBKEY, false, false),
      account(SystemProgram.programId, false, false),
      account(payer, true, false)
    ],
    new ByteWriter().u32le(DEPLOY).u64le(BigInt(file.length)).finish()
  )
  expectOk(runtime.send([create(program.publicKey, PROGRAM_BYTES), deploy], [authority, program]))
  // A program runs from the slot after its deployment.
  runtime.advance(1n)
}

function expectOk(outcome: Outcome): void {
  if (!outcome.ok) throw new Error(`deployment failed: ${outcome.error}\n${outcome.logs.join('\n')}`)
}
