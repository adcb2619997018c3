/** Calls about creator pools and what they fund. */
import type { Call, Person, World } from '../world.ts'

export function createCreatorPool(world: World, creator: Person, service = 1): Call {
  const pool = world.addresses.creatorPool(creator.address)
  return {
    name: 'create_creator_pool',
    accounts: {
      creator: creator.address,
      config: world.config,
      creator_pool: pool,
      vault: world.addresses.vault(pool),
      mint: world.mint
    },
    args: { service },
    signers: [creator.key]
  }
}

export function deposit(world: World, depositor: Person, creator: Person, amount: bigint): Call {
  const pool = world.addresses.creatorPool(creator.address)
  return {
    name: 'deposit',
    accounts: {
      depositor: depositor.address,
      config: world.config,
      creator_pool: pool,
      vault: world.addresses.vault(pool),
      depositor_token: depositor.token
    },
    args: { amount },
    signers: [depositor.key]
  }
}

export interface Funding {
  readonly content_id: Uint8Array
  readonly amount: bigint
  readonly expires_at: bigint
  readonly tier: number
}

export function fundContent(world: World, creator: Person, funding: Funding): Call {
  const pool = world.addresses.creatorPool(creator.address)
  return {
    name: 'fund_content',
    accounts: {
      creator: creator.address,
      config: world.config,
      creator_pool: pool,
      content_fund: world.addresses.contentFund(pool, funding.content_id),
      vault: world.addresses.vault(pool),
      creator_token: creator.token
    },
    args: { ...funding },
    signers: [creator.key]
  }
}

export function closeContentFund(world: World, creator: Person, contentId: Uint8Array): Call {
  const pool = world.addresses.creatorPool(creator.address)
  return {
    name: 'close_content_fund',
    accounts: { creator: creator.address, content_fund: world.addresses.contentFund(pool, contentId) },
    signers: [creator.key]
  }
}

export function requestWithdrawal(world: World, creator: Person, amount: bigint): Call {
  const pool = world.addresses.creatorPool(creator.address)
  return {
    name: 'request_withdrawal',
    accounts: { creator: creator.address, config: world.config, creator_pool: pool },
    args: { amount },
    signers: [creator.key]
  }
}

/** `withdraw` and `close_creator_pool` concern the same accounts. */
function emptyPool(world: World, name: string, creator: Person): Call {
  const pool = world.addresses.creatorPool(creator.address)
  return {
    name,
    accounts: {
      creator: creator.address,
      config: world.config,
      creator_pool: pool,
      vault: world.addresses.vault(pool),
      creator_token: creator.token
    },
    signers: [creator.key]
  }
}

export function withdraw(world: World, creator: Person): Call {
  return emptyPool(world, 'withdraw', creator)
}

export function closeCreatorPool(world: World, creator: Person): Call {
  return emptyPool(world, 'close_creator_pool', creator)
}
