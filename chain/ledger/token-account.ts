/** The two account layouts of SPL Token that balances are read from (`spl_token::state`, `Account` and `Mint`). */
import type { Address } from '@solana/kit'
import { encodeBase58 } from '../../sdk/codec/index.ts'
import type { LedgerAccount } from './ledger-account.ts'

export const TOKEN_PROGRAM = 'TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA' as Address
export const TOKEN_2022_PROGRAM = 'TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb' as Address

const ACCOUNT_BYTES = 165
const MINT_BYTES = 82
/** Token-2022: the byte after a base account that says what the account is. */
const KIND_OFFSET = ACCOUNT_BYTES
const KIND_MINT = 1
const KIND_ACCOUNT = 2
const STATES = ['uninitialized', 'initialized', 'frozen'] as const

export interface TokenAccount {
  readonly mint: Address
  readonly owner: Address
  readonly amount: bigint
  readonly delegate: Address | undefined
  readonly state: (typeof STATES)[number]
  /** Lamports that wrapped SOL keeps for its rent; undefined for any other mint. */
  readonly nativeReserve: bigint | undefined
  readonly delegatedAmount: bigint
  readonly closeAuthority: Address | undefined
}

export interface TokenMint {
  readonly mintAuthority: Address | undefined
  readonly supply: bigint
  readonly decimals: number
  readonly isInitialized: boolean
  readonly freezeAuthority: Address | undefined
}

export function isTokenProgram(program: Address): boolean {
  return program === TOKEN_PROGRAM || program === TOKEN_2022_PROGRAM
}

/** Undefined for anything but an initialized token account of one of the two token programs. */
export function readTokenAccount({ owner, data }: LedgerAccount): TokenAccount | undefined {
  if (!isTokenProgram(owner) || !hasLayout(owner, data, ACCOUNT_BYTES, KIND_ACCOUNT)) return undefined
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
  const state = STATES[data[108] ?? 0]
  if (state === undefined || state === 'uninitialized') return undefined
  return {
    mint: keyAt(data, 0),
    owner: keyAt(data, 32),
    amount: view.getBigUint64(64, true),
    delegate: optionalKeyAt(view, data, 72),
    state,
    nativeReserve: view.getUint32(109, true) === 1 ? view.getBigUint64(113, true) : undefined,
    delegatedAmount: view.getBigUint64(121, true),
    closeAuthority: optionalKeyAt(view, data, 129)
  }
}

/** Undefined for anything but an initialized mint of one of the two token programs. */
export function readTokenMint({ owner, data }: LedgerAccount): TokenMint | undefined {
  if (!isTokenProgram(owner) || !hasLayout(owner, data, MINT_BYTES, KIND_MINT)) return undefined
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
  if (data[45] !== 1) return undefined
  return {
    mintAuthority: optionalKeyAt(view, data, 0),
    supply: view.getBigUint64(36, true),
    decimals: view.getUint8(44),
    isInitialized: true,
    freezeAuthority: optionalKeyAt(view, data, 46)
  }
}

/** Token-2022 appends extensions, and then says the kind of an account after the longest base layout. */
function hasLayout(owner: Address, data: Uint8Array, baseBytes: number, kind: number): boolean {
  return data.length === baseBytes || (owner === TOKEN_2022_PROGRAM && data[KIND_OFFSET] === kind)
}

function keyAt(data: Uint8Array, offset: number): Address {
  return encodeBase58(data.subarray(offset, offset + 32)) as Address
}

/** `COption<Pubkey>`: u32 tag, then the key. */
function optionalKeyAt(view: DataView, data: Uint8Array, offset: number): Address | undefined {
  return view.getUint32(offset, true) === 1 ? keyAt(data, offset + 4) : undefined
}
