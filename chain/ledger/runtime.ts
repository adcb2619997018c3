/** The Solana runtime, as the ledger uses it: accounts, execution, sysvars. The only file that calls litesvm. */
import { type Address, type EncodedAccount, getTransactionDecoder, lamports } from '@solana/kit'
import { FailedTransactionMetadata, LiteSVM, type SimulatedTransactionInfo, type TransactionMetadata } from 'litesvm'
import { decodeBase58, encodeBase58 } from '../../sdk/codec/index.ts'
import { CraftecError } from '../../sdk/errors/index.ts'
import type { Block } from './blockhash-queue.ts'
import { type LedgerAccount, ledgerAccount } from './ledger-account.ts'
import { transactionErrorJson } from './transaction-error.ts'
import type { Execution } from './transaction-record.ts'

const UPGRADEABLE_LOADER = 'BPFLoaderUpgradeab1e11111111111111111111111' as Address
/** `UpgradeableLoaderState::ProgramData`: u32 tag, u64 slot, then `Option<Pubkey>`. `Program`: u32 tag, then its ProgramData. */
const PROGRAM_DATA_AUTHORITY = 12
const NO_PROGRAM = '11111111111111111111111111111111'
/** `SLOT_HASHES_MAX_ENTRIES` */
const SLOT_HASHES = 512
const SLOTS_PER_EPOCH = 432_000n

export interface Simulation extends Execution {
  /** Accounts of the transaction as they would be afterwards; empty when it failed. */
  readonly accounts: readonly LedgerAccount[]
}

const transactionDecoder = getTransactionDecoder()

export class Runtime {
  private readonly svm: LiteSVM

  private constructor(svm: LiteSVM) {
    // A node keeps 150 blockhashes, litesvm one; and history, which the ledger keeps in full.
    this.svm = svm.withBlockhashCheck(false).withTransactionHistory(0n)
  }

  /** A runtime with all features of its Agave version, the standard programs, and nothing else. */
  static create(): Runtime {
    const svm = new LiteSVM().withNativeMints()
    const schedule = svm.getEpochSchedule()
    schedule.warmup = false
    schedule.firstNormalEpoch = 0n
    schedule.firstNormalSlot = 0n
    schedule.slotsPerEpoch = SLOTS_PER_EPOCH
    svm.setEpochSchedule(schedule)
    return new Runtime(svm)
  }

  /** @throws CraftecError `malformed` */
  static restore(snapshot: Uint8Array): Runtime {
    try {
      return new Runtime(LiteSVM.fromBytes(snapshot))
    } catch (cause) {
      throw new CraftecError('malformed', 'the saved chain cannot be read by this version of litesvm', { cause })
    }
  }

  snapshot(): Uint8Array {
    return this.svm.toBytes()
  }

  get slot(): bigint {
    return this.svm.getClock().slot
  }

  get blockhash(): string {
    return this.svm.latestBlockhash()
  }

  /** Begin a block: a new blockhash, and the sysvars that tell programs of it. */
  beginBlock(slot: bigint, time: bigint): Block {
    const parent = { slot: this.slot, hash: this.blockhash }
    this.svm.expireBlockhash()
    const clock = this.svm.getClock()
    const epoch = slot / SLOTS_PER_EPOCH
    if (epoch !== clock.epoch || clock.epochStartTimestamp === 0n) clock.epochStartTimestamp = time
    clock.slot = slot
    clock.epoch = epoch
    clock.leaderScheduleEpoch = epoch + 1n
    clock.unixTimestamp = time
    this.svm.setClock(clock)
    const hashes = this.svm.getSlotHashes().slice(0, SLOT_HASHES - 1)
    hashes.unshift(parent as (typeof hashes)[number])
    this.svm.setSlotHashes(hashes)
    return { slot, blockhash: this.blockhash, time }
  }

  account(address: Address): LedgerAccount | undefined {
    const account = this.svm.getAccount(address)
    return account.exists ? ledgerAccount(account) : undefined
  }

  programAccounts(program: Address): LedgerAccount[] {
    return this.svm.getProgramAccounts(program).flatMap(account => ledgerAccount(account) ?? [])
  }

  setAccount(account: LedgerAccount): void {
    const { address, owner, executable, data } = account
    const encoded: EncodedAccount = {
      address,
      programAddress: owner,
      executable,
      data,
      lamports: lamports(account.lamports),
      space: BigInt(data.length)
    }
    this.svm.setAccount(encoded)
  }

  /**
   * Put a program in place, or another in its place, as the upgradeable loader would have deployed it.
   * @throws CraftecError `malformed` when the loader refuses the file
   */
  setProgram(program: Address, elf: Uint8Array, upgradeAuthority: Address): void {
    try {
      this.svm.addProgramWithLoader(program, elf, UPGRADEABLE_LOADER)
    } catch (cause) {
      throw new CraftecError('malformed', `program ${program}: the loader refuses the file`, { cause })
    }
    // litesvm deploys without an authority: nobody could upgrade it, nor prove that it is theirs.
    const programData = this.account(programDataAddress(this.account(program)))
    if (programData === undefined) throw new CraftecError('internal', 'a program without ProgramData')
    const data = Uint8Array.from(programData.data)
    data[PROGRAM_DATA_AUTHORITY] = 1
    data.set(decodeBase58(upgradeAuthority, 44), PROGRAM_DATA_AUTHORITY + 1)
    this.setAccount({ ...programData, data })
  }

  rentExemption(bytes: number): bigint {
    return this.svm.minimumBalanceForRentExemption(BigInt(bytes))
  }

  execute(wire: Uint8Array): Execution {
    return executionOf(this.svm.sendTransaction(transactionDecoder.decode(wire)))
  }

  simulate(wire: Uint8Array, verifySignatures: boolean): Simulation {
    this.svm.withSigverify(verifySignatures)
    try {
      const result = this.svm.simulateTransaction(transactionDecoder.decode(wire))
      if (result instanceof FailedTransactionMetadata) return { ...executionOf(result), accounts: [] }
      return { ...executionOf(result.meta()), accounts: accountsOf(result) }
    } finally {
      this.svm.withSigverify(true)
    }
  }
}

function programDataAddress(program: LedgerAccount | undefined): Address {
  return encodeBase58(program?.data.subarray(4, 36) ?? new Uint8Array()) as Address
}

function accountsOf(simulated: SimulatedTransactionInfo): LedgerAccount[] {
  return simulated.postAccounts().flatMap(account => ledgerAccount(account) ?? [])
}

function executionOf(result: TransactionMetadata | FailedTransactionMetadata): Execution {
  const failed = result instanceof FailedTransactionMetadata
  const meta = failed ? result.meta() : result
  const returned = meta.returnData()
  const program = encodeBase58(returned.programId()) as Address
  return {
    error: failed ? transactionErrorJson(result.err()) : null,
    logs: meta.logs(),
    computeUnits: meta.computeUnitsConsumed(),
    returnData: program === NO_PROGRAM ? undefined : { program, data: returned.data() },
    innerInstructions: meta.innerInstructions().map(list =>
      list.map(inner => {
        const instruction = inner.instruction()
        return {
          programIndex: instruction.programIdIndex(),
          accountIndexes: instruction.accounts(),
          data: instruction.data(),
          stackHeight: inner.stackHeight()
        }
      })
    )
  }
}
