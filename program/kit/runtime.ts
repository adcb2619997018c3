/** A Solana runtime with every feature on, and what a transaction in it came to. */
import { type Address, getTransactionDecoder } from '@solana/kit'
import { type Keypair, PublicKey, Transaction, type TransactionInstruction } from '@solana/web3.js'
import { Clock, FailedTransactionMetadata, FeatureSet, LiteSVM, Rent, type TransactionMetadata } from 'litesvm'
import { signMessage } from './sign-message.ts'

const FIRST_SLOT = 1000n
/** Any moment: a fresh runtime starts in 1970, where deadlines before the epoch would go unnoticed. */
const FIRST_TIME = 1_800_000_000n
const FIRST_ERROR = 6000
const BURN_PERCENT = 50
const AIRDROP_SUPPLY = 10n ** 18n

export interface Outcome {
  readonly ok: boolean
  /** The error of our program, if it was our program that refused: other programs count theirs from 0. */
  readonly code: number | undefined
  /** What went wrong in the runtime's words; empty when nothing did. */
  readonly error: string
  readonly logs: readonly string[]
  readonly computeUnits: bigint
}

export interface AccountState {
  readonly owner: PublicKey
  readonly lamports: bigint
  readonly data: Uint8Array
}

const decoder = getTransactionDecoder()

export class Runtime {
  readonly #svm: LiteSVM

  private constructor(svm: LiteSVM) {
    this.#svm = svm
  }

  /** An empty runtime: no accounts but the builtin ones. */
  static create(): Runtime {
    const svm = LiteSVM.default()
      .withFeatureSet(FeatureSet.allEnabled())
      .withBuiltins()
      .withPrecompiles()
      .withSysvars()
      .withLamports(AIRDROP_SUPPLY)
      .withDefaultPrograms()
      .withSigverify(true)
      .withBlockhashCheck(true)
    svm.warpToSlot(FIRST_SLOT)
    const clock = svm.getClock()
    svm.setClock(new Clock(clock.slot, FIRST_TIME, clock.epoch, clock.leaderScheduleEpoch, FIRST_TIME))
    return new Runtime(svm)
  }

  /** The state as it is, for any number of runtimes that start from it. */
  snapshot(): Uint8Array {
    return this.#svm.toBytes()
  }

  static restore(snapshot: Uint8Array): Runtime {
    return new Runtime(LiteSVM.fromBytes(snapshot))
  }

  get time(): bigint {
    return this.#svm.getClock().unixTimestamp
  }

  get slot(): bigint {
    return this.#svm.getClock().slot
  }

  /** Time passes, and with it slots. */
  advance(seconds: bigint, slots = 1n): void {
    const time = this.time
    this.#svm.warpToSlot(this.slot + slots)
    const clock = this.#svm.getClock()
    clock.unixTimestamp = time + seconds
    this.#svm.setClock(clock)
  }

  airdrop(to: PublicKey, lamports: bigint): void {
    const result = this.#svm.airdrop(addressOf(to), lamports as Parameters<LiteSVM['airdrop']>[1])
    if (result instanceof FailedTransactionMetadata) throw new Error(result.toString())
  }

  account(key: PublicKey): AccountState | undefined {
    const found = this.#svm.getAccount(addressOf(key))
    if (!found.exists || found.lamports === 0n) return undefined
    return { owner: new PublicKey(found.programAddress), lamports: found.lamports, data: new Uint8Array(found.data) }
  }

  /** Puts an account there that no transaction made: for accounts that an attacker could not make, but must be refused. */
  setAccount(key: PublicKey, { owner, lamports, data }: AccountState): void {
    this.#svm.setAccount({
      address: addressOf(key),
      programAddress: addressOf(owner),
      lamports: lamports as Parameters<LiteSVM['airdrop']>[1],
      data,
      executable: false,
      space: BigInt(data.length)
    })
  }

  /** Changes what storage costs from now on. */
  setRent(lamportsPerByte: bigint, threshold: number): void {
    this.#svm.setRent(new Rent(lamportsPerByte, threshold, BURN_PERCENT))
  }

  /** The least that an account of this size may hold. */
  rent(bytes: number): bigint {
    return this.#svm.minimumBalanceForRentExemption(BigInt(bytes))
  }

  /** @param signers the first pays */
  send(instructions: readonly TransactionInstruction[], signers: readonly Keypair[]): Outcome {
    const [payer] = signers
    if (payer === undefined) throw new Error('somebody must pay')
    const transaction = new Transaction()
    transaction.feePayer = payer.publicKey
    transaction.recentBlockhash = this.#svm.latestBlockhash()
    transaction.add(...instructions)
    const message = transaction.serializeMessage()
    for (const signer of new Set(signers)) {
      transaction.addSignature(signer.publicKey, Buffer.from(signMessage(signer, message)))
    }
    // The runtime checks the signatures; web3.js would check them once more, slowly.
    const wire = transaction.serialize({ verifySignatures: false })
    const result = this.#svm.sendTransaction(decoder.decode(wire))
    // Otherwise the same transaction sent again would be refused as a duplicate, not by the program.
    this.#svm.expireBlockhash()
    return result instanceof FailedTransactionMetadata ? failure(result) : success(result)
  }
}

function success(meta: TransactionMetadata): Outcome {
  return { ok: true, code: undefined, error: '', logs: meta.logs(), computeUnits: meta.computeUnitsConsumed() }
}

function failure(result: FailedTransactionMetadata): Outcome {
  const error = result.err()
  const inner = typeof error === 'object' && 'err' in error ? error.err() : undefined
  const code = typeof inner === 'object' && 'code' in inner ? inner.code : 0
  const meta = result.meta()
  const isOurs = code >= FIRST_ERROR
  return {
    ok: false,
    code: isOurs ? code : undefined,
    error: result.toString(),
    logs: meta.logs(),
    computeUnits: meta.computeUnitsConsumed()
  }
}

function addressOf(key: PublicKey): Address {
  return key.toBase58() as Address
}
