import type { Keypair, PublicKey } from '@solana/web3.js'
import { describe, expect, it } from 'vitest'
import {
  calls,
  caseOf,
  createMint,
  createTokenAccount,
  DAY,
  idl,
  instructionNamed,
  keyOf,
  posting,
  postNow,
  Tree,
  World
} from '../kit/index.ts'

interface Candidate {
  readonly label: string
  readonly address: PublicKey
  /** For those who can sign. */
  readonly key?: Keypair
}

/** Where any account of the kind will do, because whoever signs is asked to choose one. */
const PEOPLES_TOKENS = ["mallory's tokens", "alice's tokens", "bob's tokens"]
const VAULTS = ["mallory's subscription's vault", "mallory's pool's vault", "mallory's channel's vault"]
const CHOSEN: Readonly<Record<string, readonly string[]>> = {
  'initialize_config.treasury': PEOPLES_TOKENS,
  'set_treasury.treasury': [...PEOPLES_TOKENS, ...VAULTS],
  'update_plan.plan': ["mallory's plan"],
  'delete_plan.plan': ["mallory's plan"],
  'post_distribution.poster': ['mallory', 'alice', 'bob']
}
const THEIR_PLAN: calls.PlanKey = { service: 0, tier: 1, billing_period: 0 }
const THEIR_POOL_ID = new Uint8Array(32).fill(66)
const THEIR_CONTENT = new Uint8Array(32).fill(67)

/** A world where Mallory has one of everything. */
function populate(): { readonly world: World; readonly theirs: readonly Candidate[] } {
  const world = World.create()
  const { mallory, bob } = world.people
  world.must(calls.createPlan(world, THEIR_PLAN, 3n))
  world.must(calls.subscribe(world, mallory, THEIR_POOL_ID, THEIR_PLAN, 3n))
  world.must(calls.createCreatorPool(world, mallory))
  world.must(calls.deposit(world, mallory, mallory, 1_000n))
  const expires_at = world.runtime.time + 10n * DAY
  world.must(calls.fundContent(world, mallory, { content_id: THEIR_CONTENT, amount: 5n, expires_at, tier: 1 }))
  const channelKey = { sender: mallory, receiver: bob, nonce: 9n }
  world.must(calls.openChannel(world, channelKey, { amount: 50n, expires_at: 0n, voucher_signer: mallory.address }))
  world.runtime.advance(DAY)
  const pool = world.addresses.creatorPool(mallory.address)
  const tree = new Tree([{ operator: mallory.address, weight: 1n }])
  const distribution = postNow(world, pool, posting(tree, 1, 100n))
  world.must(calls.claim(world, mallory, { pool, distribution, tree, index: 0, receipts: true }))
  const subscription = world.addresses.subscription(mallory.address, THEIR_POOL_ID)
  const channel = calls.channelAddress(world, channelKey)
  const theirs = {
    plan: world.addresses.plan(THEIR_PLAN.service, THEIR_PLAN.tier, THEIR_PLAN.billing_period),
    subscription,
    "subscription's vault": world.addresses.vault(subscription),
    pool,
    "pool's vault": world.addresses.vault(pool),
    'content fund': world.addresses.contentFund(pool, THEIR_CONTENT),
    channel,
    "channel's vault": world.addresses.vault(channel),
    distribution,
    'claim receipt': world.addresses.claimReceipt(distribution, 0)
  }
  return { world, theirs: Object.entries(theirs).map(([kind, address]) => ({ label: `mallory's ${kind}`, address })) }
}

/** Accounts that exist in any world and are never the right one twice. */
function strangers(world: World): Candidate[] {
  const { mallory, alice, bob } = world.people
  const otherMint = createMint(world.runtime, mallory.key, keyOf('other mint'))
  const otherTokens = createTokenAccount(world.runtime, mallory.key, otherMint, mallory.address)
  return [
    { label: 'mallory', address: mallory.address, key: mallory.key },
    { label: 'alice', address: alice.address, key: alice.key },
    { label: 'bob', address: bob.address, key: bob.key },
    { label: "mallory's tokens", address: mallory.token },
    { label: "alice's tokens", address: alice.token },
    { label: "bob's tokens", address: bob.token },
    { label: 'tokens of another mint', address: otherTokens },
    { label: 'another mint', address: otherMint },
    { label: 'the mint', address: world.mint },
    { label: 'the configuration', address: world.config },
    { label: 'the fee vault', address: world.feeVault },
    { label: 'the program', address: world.program },
    { label: 'an address without an account', address: keyOf('nobody').publicKey }
  ]
}

/** The same bytes in an account of another program, which anyone can make. */
function forgery(world: World, genuine: PublicKey): Candidate[] {
  const state = world.runtime.account(genuine)
  if (state === undefined || state.data.length === 0) return []
  const address = keyOf(`forged ${genuine.toBase58()}`).publicKey
  world.runtime.setAccount(address, { ...state, owner: keyOf('foreign program').publicKey })
  return [{ label: 'a forged copy', address }]
}

const { world: populated, theirs } = populate()

describe('a wrong account in any place of any instruction is refused', () => {
  for (const { name } of idl.instructions) {
    it(name, () => {
      const { world, call } = caseOf(name, populated.fork())
      const instruction = world.instruction(call)
      const others = [...strangers(world), ...(name === 'initialize_config' ? [] : theirs)]
      let tried = 0
      for (const [position, item] of instructionNamed(name).accounts.entries()) {
        const meta = instruction.keys[position]
        if (meta === undefined) throw new Error(`${name} has no account ${position}`)
        const genuine = meta.pubkey
        for (const candidate of [...others, ...forgery(world, genuine)]) {
          const isChosen = CHOSEN[`${name}.${item.name}`]?.includes(candidate.label) === true
          const cannotSign = item.signer === true && candidate.key === undefined
          if (candidate.address.equals(genuine) || isChosen || cannotSign) continue
          meta.pubkey = candidate.address
          const signers =
            item.signer === true && candidate.key !== undefined ? [...call.signers, candidate.key] : call.signers
          const outcome = world.runtime.send([...(call.before ?? []), instruction], signers)
          expect({
            swap: `${item.name} for ${candidate.label}`,
            ok: outcome.ok,
            isOurs: outcome.code !== undefined,
            error: outcome.error
          }).toMatchObject({
            ok: false,
            isOurs: true
          })
          tried++
        }
        meta.pubkey = genuine
      }
      expect(tried).toBeGreaterThan(10)
      // What was swapped, not something else, is why: the genuine call still succeeds.
      expect(world.send(call).error).toBe('')
    })
  }
})
