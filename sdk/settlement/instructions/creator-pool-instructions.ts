import { fixedBytes, i64, struct, u8, u64 } from '../../codec/index.ts'
import type { Address, SettlementAddresses } from '../address/index.ts'
import { defineInstruction, type Instruction } from './instruction.ts'

const leaving = {
  creator: 's',
  config: 'r',
  creatorPool: 'w',
  vault: 'w',
  creatorToken: 'w',
  tokenProgram: 'r'
} as const

export const creatorPoolDefinitions = {
  createCreatorPool: defineInstruction(
    'create_creator_pool',
    { creator: 'ws', config: 'r', creatorPool: 'w', vault: 'w', mint: 'r', tokenProgram: 'r', systemProgram: 'r' },
    struct({ service: u8 })
  ),
  deposit: defineInstruction(
    'deposit',
    { depositor: 's', config: 'r', creatorPool: 'w', vault: 'w', depositorToken: 'w', tokenProgram: 'r' },
    struct({ amount: u64 })
  ),
  fundContent: defineInstruction(
    'fund_content',
    {
      creator: 'ws',
      config: 'r',
      creatorPool: 'w',
      contentFund: 'w',
      vault: 'w',
      creatorToken: 'w',
      tokenProgram: 'r',
      systemProgram: 'r'
    },
    struct({ contentId: fixedBytes(32), amount: u64, expiresAt: i64, tier: u8 })
  ),
  closeContentFund: defineInstruction('close_content_fund', { creator: 'ws', contentFund: 'w' }, struct({})),
  requestWithdrawal: defineInstruction(
    'request_withdrawal',
    { creator: 's', config: 'r', creatorPool: 'w' },
    struct({ amount: u64 })
  ),
  withdraw: defineInstruction('withdraw', leaving, struct({})),
  closeCreatorPool: defineInstruction('close_creator_pool', { ...leaving, creator: 'ws' }, struct({}))
} as const

/** @param given.service 1 data or 4 bundle */
export function createCreatorPool(
  at: SettlementAddresses,
  given: { readonly creator: Address; readonly mint: Address; readonly service: number }
): Instruction {
  const { creator, mint, service } = given
  return creatorPoolDefinitions.createCreatorPool.build(at.program, { ...poolAccounts(at, creator), mint }, { service })
}

/** Add tokens to anyone's pool. @param given.amount base units */
export function fundCreatorPool(
  at: SettlementAddresses,
  given: {
    readonly depositor: Address
    readonly depositorToken: Address
    readonly creator: Address
    readonly amount: bigint
  }
): Instruction {
  const { depositor, depositorToken, creator, amount } = given
  const { creator: _, ...pool } = poolAccounts(at, creator)
  return creatorPoolDefinitions.deposit.build(at.program, { ...pool, depositor, depositorToken }, { amount })
}

/** What a funding is for, and for how long. */
export interface ContentFunding {
  readonly creator: Address
  readonly creatorToken: Address
  readonly contentId: Uint8Array
  /** Base units. */
  readonly amount: bigint
  /** Seconds since the Unix epoch. */
  readonly expiresAt: bigint
  readonly tier: number
}

/** Add tokens to one's own pool and record which content they are for. */
export function fundContent(at: SettlementAddresses, given: ContentFunding): Instruction {
  const { creator, creatorToken, contentId, amount, expiresAt, tier } = given
  const pool = poolAccounts(at, creator)
  const contentFund = at.contentFund(pool.creatorPool, contentId)
  const accounts = { ...pool, creatorToken, contentFund }
  return creatorPoolDefinitions.fundContent.build(at.program, accounts, { contentId, amount, expiresAt, tier })
}

/** Remove the record of a funding that has expired. */
export function closeContentFund(at: SettlementAddresses, creator: Address, contentId: Uint8Array): Instruction {
  const contentFund = at.contentFund(at.creatorPool(creator), contentId)
  return creatorPoolDefinitions.closeContentFund.build(at.program, { creator, contentFund }, {})
}

/** Announce a withdrawal of `amount` base units; another announcement replaces it. */
export function requestWithdrawal(at: SettlementAddresses, creator: Address, amount: bigint): Instruction {
  const accounts = { creator, config: at.config(), creatorPool: at.creatorPool(creator) }
  return creatorPoolDefinitions.requestWithdrawal.build(at.program, accounts, { amount })
}

/** Take what was announced, or what is left of it. */
export function withdraw(at: SettlementAddresses, creator: Address, creatorToken: Address): Instruction {
  return creatorPoolDefinitions.withdraw.build(at.program, { ...poolAccounts(at, creator), creatorToken }, {})
}

/** Close an empty pool. */
export function closeCreatorPool(at: SettlementAddresses, creator: Address, creatorToken: Address): Instruction {
  return creatorPoolDefinitions.closeCreatorPool.build(at.program, { ...poolAccounts(at, creator), creatorToken }, {})
}

function poolAccounts(at: SettlementAddresses, creator: Address) {
  const creatorPool = at.creatorPool(creator)
  return { creator, config: at.config(), creatorPool, vault: at.vault(creatorPool) }
}
