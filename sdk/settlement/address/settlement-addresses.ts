/** Where the accounts of the settlement program are (docs/protocol/settlement.md, "Addresses"). */
import { encodeBorsh, u8, u32, u64 } from '../../codec/index.ts'
import { type Address, addressBytes, UPGRADEABLE_LOADER } from './address.ts'
import { findProgramAddress } from './program-address.ts'

/** The settlement program of `program/`; a deployment of one's own has another. */
export const SETTLEMENT_PROGRAM = 'D1ZpkGXNWXrJ7aqvGHD2KMAgMvykBDgF6udx4VYKRfvA' as Address

/** Plans are told apart by what they offer. */
export interface PlanKey {
  readonly service: number
  readonly tier: number
  readonly billingPeriod: number
}

export interface ChannelKey {
  readonly sender: Address
  readonly receiver: Address
  readonly nonce: bigint
}

export interface DistributionKey {
  readonly pool: Address
  readonly poolOpenedSlot: bigint
  readonly epoch: bigint
}

const encoder = new TextEncoder()

/**
 * Derives the addresses of one deployment. Each takes some tenths of a millisecond: keep what is used often.
 * @example
 * import { parseAddress, SettlementAddresses } from '@craftec/web/settlement'
 * const at = new SettlementAddresses()
 * const wallet = parseAddress('4rWTbKuNPa324GEcachcLshN5QamajQoNW4aqAba3KFZ')
 * const subscription = at.subscription(wallet, new Uint8Array(32))
 * console.log(subscription, at.vault(subscription))
 */
export class SettlementAddresses {
  readonly program: Address

  constructor(program: Address = SETTLEMENT_PROGRAM) {
    this.program = program
  }

  config(): Address {
    return this.derive('config')
  }

  plan({ service, tier, billingPeriod }: PlanKey): Address {
    return this.derive('plan', encodeBorsh(u8, service), encodeBorsh(u8, tier), encodeBorsh(u8, billingPeriod))
  }

  /** @param poolId 32 bytes that the subscriber chooses */
  subscription(subscriber: Address, poolId: Uint8Array): Address {
    return this.derive('subscription', addressBytes(subscriber), poolId)
  }

  creatorPool(creator: Address): Address {
    return this.derive('creator_pool', addressBytes(creator))
  }

  contentFund(creatorPool: Address, contentId: Uint8Array): Address {
    return this.derive('content_fund', addressBytes(creatorPool), contentId)
  }

  channel({ sender, receiver, nonce }: ChannelKey): Address {
    return this.derive('channel', addressBytes(sender), addressBytes(receiver), encodeBorsh(u64, nonce))
  }

  distribution({ pool, poolOpenedSlot, epoch }: DistributionKey): Address {
    const numbers = [poolOpenedSlot, epoch].map(value => encodeBorsh(u64, value))
    return this.derive('distribution', addressBytes(pool), ...numbers)
  }

  claimReceipt(distribution: Address, index: number): Address {
    return this.derive('claim_receipt', addressBytes(distribution), encodeBorsh(u32, index))
  }

  /** The token account of any of the accounts above that holds tokens; that of the configuration holds the fees. */
  vault(account: Address): Address {
    return this.derive('vault', addressBytes(account))
  }

  feeVault(): Address {
    return this.vault(this.config())
  }

  /** Where the loader keeps the program and its upgrade authority. */
  programData(): Address {
    return findProgramAddress(UPGRADEABLE_LOADER, [addressBytes(this.program)]).address
  }

  private derive(name: string, ...seeds: readonly Uint8Array[]): Address {
    return findProgramAddress(this.program, [encoder.encode(name), ...seeds]).address
  }
}
