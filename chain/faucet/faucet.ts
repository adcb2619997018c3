/**
 * Gives away lamports and test tokens, by transactions like any other: they have a signature, a fee, and a place in the history.
 */
import type { Address, Instruction, KeyPairSigner } from '@solana/kit'
import { decodeBase58 } from '../../sdk/codec/index.ts'
import { CraftecError } from '../../sdk/errors/index.ts'
import { type Ledger, TOKEN_PROGRAM } from '../ledger/index.ts'
import {
  associatedAccount,
  createAccountInstruction,
  memoInstruction,
  mintToInstruction,
  transferInstruction
} from './instructions.ts'
import { sendInstructions } from './send-instructions.ts'

/** As devnet's faucet has a limit, so that a script that asks for too much fails here too. */
const MAX_AIRDROP_LAMPORTS = 100_000_000_000n
const MAX_TOKENS = 1_000_000_000_000n
const FAUCET_LAMPORTS = 500_000_000_000_000_000n
const MINT_BYTES = 82
/** As USDC. */
const MINT_DECIMALS = 6

export class Faucet {
  readonly address: Address
  /** The test token: like USDC six decimals, unlike USDC without any value. */
  readonly mint: { readonly address: Address; readonly decimals: number }
  private readonly ledger: Ledger
  private readonly signer: KeyPairSigner
  private count = 0

  constructor(ledger: Ledger, signer: KeyPairSigner, mint: Address) {
    this.ledger = ledger
    this.signer = signer
    this.address = signer.address
    this.mint = { address: mint, decimals: MINT_DECIMALS }
  }

  /** Write the faucet's account and the mint into a new ledger. */
  createAccounts(): void {
    const { address, ledger } = this
    const systemProgram = '11111111111111111111111111111111' as Address
    ledger.setAccount({
      address,
      lamports: FAUCET_LAMPORTS,
      owner: systemProgram,
      executable: false,
      data: new Uint8Array()
    })
    ledger.setAccount({
      address: this.mint.address,
      lamports: ledger.rentExemption(MINT_BYTES),
      owner: TOKEN_PROGRAM,
      executable: false,
      data: mintData(address)
    })
  }

  /** @returns the transaction's signature @throws CraftecError `limit-exceeded`; `invalid-argument` when the ledger refuses it */
  async airdrop(to: Address, lamports: bigint): Promise<string> {
    if (lamports > MAX_AIRDROP_LAMPORTS) {
      throw new CraftecError('limit-exceeded', `airdrop: at most ${MAX_AIRDROP_LAMPORTS} lamports at once`)
    }
    return this.send([transferInstruction(this.address, to, lamports)])
  }

  /** @returns the transaction's signature @throws CraftecError `limit-exceeded`; `invalid-argument` when the ledger refuses it */
  async requestTokens(owner: Address, amount: bigint): Promise<string> {
    if (amount > MAX_TOKENS)
      throw new CraftecError('limit-exceeded', `tokens: at most ${MAX_TOKENS} base units at once`)
    const { address, mint } = this
    const account = await associatedAccount(owner, mint.address)
    return this.send([
      createAccountInstruction(address, account, owner, mint.address),
      mintToInstruction(mint.address, account, address, amount)
    ])
  }

  private async send(instructions: readonly Instruction[]): Promise<string> {
    // Two equal gifts in one block would be one transaction; a real faucet numbers them too.
    this.count += 1
    return sendInstructions(this.ledger, this.signer, [...instructions, memoInstruction(`faucet ${this.count}`)])
  }
}

/** `spl_token::state::Mint`: authority, supply 0, decimals, initialized, no freeze authority. */
function mintData(authority: Address): Uint8Array {
  const data = new Uint8Array(MINT_BYTES)
  const view = new DataView(data.buffer)
  view.setUint32(0, 1, true)
  data.set(decodeBase58(authority, 44), 4)
  data[44] = MINT_DECIMALS
  data[45] = 1
  return data
}
