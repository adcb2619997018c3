/** The settlement program as a deployer would leave it: configured, with plans for sale, and a quorum of one. */
import {
  AccountRole,
  type KeyPairSigner,
  type Address as KitAddress,
  type Instruction as KitInstruction
} from '@solana/kit'
import {
  type Address,
  associatedTokenAddress,
  type Instruction,
  parseAddress,
  SettlementAddresses
} from '../../sdk/settlement/index.ts'
import { type ConfigParams, createPlan, initializeConfig } from '../../sdk/settlement/operator/index.ts'
import { type Faucet, sendInstructions } from '../faucet/index.ts'
import type { Ledger } from '../ledger/index.ts'

export interface SettlementSetUp {
  readonly ledger: Ledger
  /** Its test token is what is paid in. */
  readonly faucet: Faucet
  readonly program: string
  /** Upgrade authority of the program: becomes its admin and its only aggregator. Has lamports. */
  readonly admin: KeyPairSigner
}

const HOUR_SECS = 3600n
const DAY_SECS = 24n * HOUR_SECS
const USDC = 1_000_000n
const TUNNEL = 0
const DATA = 1
const [MONTHLY, YEARLY] = [0, 1]
/** Two months for free. */
const MONTHS_PAID_A_YEAR = 10n
/** As many as fit in a transaction. */
const PLANS_AT_ONCE = 5

/** The shortest times that the program allows, so that nobody waits longer than they must. */
const TIMES: Omit<ConfigParams, 'quorum'> = {
  epochSecs: 0n,
  forceCloseDelaySecs: HOUR_SECS,
  claimWindowSecs: DAY_SECS,
  withdrawalDelaySecs: 0n,
  feeBps: 500
}

/** Monthly prices by tier, in USDC. */
const PRICES: readonly (readonly [service: number, prices: readonly bigint[]])[] = [
  [TUNNEL, [5n, 15n, 40n, 80n]],
  [DATA, [0n, 2n, 5n, 15n, 50n]]
]

/** Does nothing when the program is configured already. @throws CraftecError `invalid-argument` when the program refuses */
export async function setUpSettlement({ ledger, faucet, program, admin }: SettlementSetUp): Promise<void> {
  const at = new SettlementAddresses(parseAddress(program))
  if (ledger.account(kitAddress(at.config())) !== undefined) return
  const who = parseAddress(admin.address)
  const params: ConfigParams = { ...TIMES, quorum: { threshold: 1, aggregators: [who] } }
  const mint = parseAddress(faucet.mint.address)
  // Makes the token account that the fees go to.
  await faucet.requestTokens(admin.address, 0n)
  const configure = initializeConfig(at, { admin: who, mint, treasury: associatedTokenAddress(who, mint), params })
  await sendInstructions(ledger, admin, [kitInstruction(configure)])
  const plans = planKeys().map(plan => kitInstruction(createPlan(at, { admin: who, ...plan })))
  for (let first = 0; first < plans.length; first += PLANS_AT_ONCE) {
    await sendInstructions(ledger, admin, plans.slice(first, first + PLANS_AT_ONCE))
  }
}

function planKeys() {
  return PRICES.flatMap(([service, prices]) =>
    prices.flatMap((usdc, tier) => [
      { service, tier, billingPeriod: MONTHLY, price: usdc * USDC },
      { service, tier, billingPeriod: YEARLY, price: usdc * USDC * MONTHS_PAID_A_YEAR }
    ])
  )
}

function kitInstruction({ program, accounts, data }: Instruction): KitInstruction {
  return {
    programAddress: kitAddress(program),
    accounts: accounts.map(({ address, signer, writable }) => ({
      address: kitAddress(address),
      role: signer
        ? writable
          ? AccountRole.WRITABLE_SIGNER
          : AccountRole.READONLY_SIGNER
        : writable
          ? AccountRole.WRITABLE
          : AccountRole.READONLY
    })),
    data
  }
}

/** Both libraries brand the same text. */
function kitAddress(address: Address): KitAddress {
  return address as string as KitAddress
}
