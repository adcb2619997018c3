/** The few instructions that the faucet sends, as the programs define them (system, SPL Token, associated token, memo). */
import { AccountRole, type Address, getAddressEncoder, getProgramDerivedAddress, type Instruction } from '@solana/kit'
import { TOKEN_PROGRAM } from '../ledger/index.ts'

const SYSTEM_PROGRAM = '11111111111111111111111111111111' as Address
const ASSOCIATED_TOKEN_PROGRAM = 'ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL' as Address
const MEMO_PROGRAM = 'MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr' as Address

const SYSTEM_TRANSFER = 2
const TOKEN_MINT_TO = 7
const CREATE_IDEMPOTENT = 1

export function transferInstruction(from: Address, to: Address, lamports: bigint): Instruction {
  const data = new Uint8Array(12)
  const view = new DataView(data.buffer)
  view.setUint32(0, SYSTEM_TRANSFER, true)
  view.setBigUint64(4, lamports, true)
  return {
    programAddress: SYSTEM_PROGRAM,
    accounts: [
      { address: from, role: AccountRole.WRITABLE_SIGNER },
      { address: to, role: AccountRole.WRITABLE }
    ],
    data
  }
}

/** Make the owner's associated token account unless it exists. */
export function createAccountInstruction(payer: Address, account: Address, owner: Address, mint: Address): Instruction {
  return {
    programAddress: ASSOCIATED_TOKEN_PROGRAM,
    accounts: [
      { address: payer, role: AccountRole.WRITABLE_SIGNER },
      { address: account, role: AccountRole.WRITABLE },
      { address: owner, role: AccountRole.READONLY },
      { address: mint, role: AccountRole.READONLY },
      { address: SYSTEM_PROGRAM, role: AccountRole.READONLY },
      { address: TOKEN_PROGRAM, role: AccountRole.READONLY }
    ],
    data: Uint8Array.of(CREATE_IDEMPOTENT)
  }
}

export function mintToInstruction(mint: Address, account: Address, authority: Address, amount: bigint): Instruction {
  const data = new Uint8Array(9)
  data[0] = TOKEN_MINT_TO
  new DataView(data.buffer).setBigUint64(1, amount, true)
  return {
    programAddress: TOKEN_PROGRAM,
    accounts: [
      { address: mint, role: AccountRole.WRITABLE },
      { address: account, role: AccountRole.WRITABLE },
      { address: authority, role: AccountRole.READONLY_SIGNER }
    ],
    data
  }
}

export function memoInstruction(text: string): Instruction {
  return { programAddress: MEMO_PROGRAM, accounts: [], data: new TextEncoder().encode(text) }
}

/** Address of the token account that `owner` has for `mint` by convention. */
export async function associatedAccount(owner: Address, mint: Address): Promise<Address> {
  const encoder = getAddressEncoder()
  const [address] = await getProgramDerivedAddress({
    programAddress: ASSOCIATED_TOKEN_PROGRAM,
    seeds: [owner, TOKEN_PROGRAM, mint].map(key => encoder.encode(key))
  })
  return address
}
