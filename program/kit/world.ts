/** The program deployed, configured and with people in it: where the tests begin. */
import { createHash } from 'node:crypto'
import { Keypair, type PublicKey, type TransactionInstruction } from '@solana/web3.js'
import { readProgram } from '../build/index.ts'
import { Addresses, decodeAccount, instruction } from './client.ts'
import { deployProgram, programDataAddress } from './deploy.ts'
import { type Outcome, Runtime } from './runtime.ts'
import { createMint, createTokenAccount, mintTo } from './tokens.ts'
import type { Value, Values } from './values.ts'

export const DAY = 86_400n
export const FEE_BPS = 500
export const EPOCH_SECS = 3_600n
export const FORCE_CLOSE_DELAY_SECS = DAY
export const CLAIM_WINDOW_SECS = 30n * DAY
export const WITHDRAWAL_DELAY_SECS = 2n * DAY
export const QUORUM_THRESHOLD = 2
const LAMPORTS = 10n ** 12n
export const TOKENS = 10n ** 12n
const PEOPLE = ['admin', 'alice', 'bob', 'carol', 'mallory', 'poster'] as const
const AGGREGATORS = ['aggregator 1', 'aggregator 2', 'aggregator 3']

export type Name = (typeof PEOPLE)[number]

/** A signer and its token account of the configured mint. */
export interface Person {
  readonly key: Keypair
  readonly address: PublicKey
  readonly token: PublicKey
}

/** One instruction, complete and not sent. */
export interface Call {
  readonly name: string
  readonly accounts: Readonly<Record<string, PublicKey>>
  readonly args?: Values
  /** The first pays. */
  readonly signers: readonly Keypair[]
  /** What stands before it in the transaction: an Ed25519 instruction. */
  readonly before?: readonly TransactionInstruction[]
}

/** Always the same key for a name: bump searches, and so compute units, repeat. */
export function keyOf(name: string): Keypair {
  return Keypair.fromSeed(createHash('sha256').update(name).digest())
}

export const PROGRAM_KEY = keyOf('craftec/settlement/devnet-program')

interface Setting {
  readonly snapshot: Uint8Array
  readonly mint: PublicKey
  readonly people: Readonly<Record<Name, Person>>
}

let setting: { readonly bare: Setting; readonly configured: Setting } | undefined

export class World {
  readonly runtime: Runtime
  readonly mint: PublicKey
  readonly people: Readonly<Record<Name, Person>>
  readonly aggregators: readonly Keypair[] = AGGREGATORS.map(keyOf)
  readonly program: PublicKey = PROGRAM_KEY.publicKey
  readonly addresses = new Addresses(PROGRAM_KEY.publicKey)
  readonly config: PublicKey = this.addresses.config()
  readonly feeVault: PublicKey = this.addresses.vault(this.config)

  private constructor({ snapshot, mint, people }: Setting) {
    this.runtime = Runtime.restore(snapshot)
    this.mint = mint
    this.people = people
  }

  /** Deployed, not initialised. Deployment happens once; every world starts from its snapshot. */
  static bare(): World {
    return new World(prepare().bare)
  }

  /** With its configuration. */
  static create(): World {
    return new World(prepare().configured)
  }

  static from(setting: Setting): World {
    return new World(setting)
  }

  /** Another world that starts where this one is. */
  fork(): World {
    return new World({ snapshot: this.runtime.snapshot(), mint: this.mint, people: this.people })
  }

  instruction({ name, accounts, args }: Call): TransactionInstruction {
    return instruction(this.program, name, accounts, args)
  }

  send(call: Call): Outcome {
    return this.runtime.send([...(call.before ?? []), this.instruction(call)], call.signers)
  }

  /** For set-up: a call that must succeed. */
  must(call: Call): Outcome {
    const outcome = this.send(call)
    if (!outcome.ok) throw new Error(`${call.name}: ${outcome.error}\n${outcome.logs.join('\n')}`)
    return outcome
  }

  /** Fields of an account of the program. @throws Error when there is none */
  read(kind: string, key: PublicKey): Record<string, Value> {
    const state = this.runtime.account(key)
    if (state === undefined) throw new Error(`no ${kind} at ${key.toBase58()}`)
    return decodeAccount(kind, state.data)
  }

  exists(key: PublicKey): boolean {
    return this.runtime.account(key) !== undefined
  }
}

function prepare(): { readonly bare: Setting; readonly configured: Setting } {
  setting ??= deploy()
  return setting
}

function deploy(): { readonly bare: Setting; readonly configured: Setting } {
  const runtime = Runtime.create()
  const admin = keyOf('admin')
  for (const name of PEOPLE) runtime.airdrop(keyOf(name).publicKey, LAMPORTS)
  deployProgram(runtime, readProgram(), PROGRAM_KEY, keyOf('buffer'), admin)
  const mint = createMint(runtime, admin, keyOf('mint'))
  const people = Object.fromEntries(
    PEOPLE.map(name => {
      const key = keyOf(name)
      const token = createTokenAccount(runtime, admin, mint, key.publicKey)
      mintTo(runtime, admin, mint, token, TOKENS)
      return [name, { key, address: key.publicKey, token }]
    })
  ) as Record<Name, Person>
  const bare = { snapshot: runtime.snapshot(), mint, people }
  const world = World.from(bare)
  world.must(initializeConfig(world))
  return { bare, configured: { ...bare, snapshot: world.runtime.snapshot() } }
}

/** The call that configures the program; in a bare world it succeeds. */
export function initializeConfig(world: World): Call {
  const { admin, poster } = world.people
  return {
    name: 'initialize_config',
    accounts: {
      admin: admin.address,
      config: world.config,
      mint: world.mint,
      fee_vault: world.feeVault,
      treasury: poster.token,
      program_data: programDataAddress(world.program)
    },
    args: {
      params: {
        epoch_secs: EPOCH_SECS,
        force_close_delay_secs: FORCE_CLOSE_DELAY_SECS,
        claim_window_secs: CLAIM_WINDOW_SECS,
        withdrawal_delay_secs: WITHDRAWAL_DELAY_SECS,
        fee_bps: FEE_BPS,
        quorum: { threshold: QUORUM_THRESHOLD, aggregators: world.aggregators.map(key => key.publicKey) }
      }
    },
    signers: [admin.key]
  }
}
