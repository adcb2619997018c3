import {
  type Call,
  CLAIM_WINDOW_SECS,
  calls,
  caseOf,
  DEPOSIT,
  EPOCH_SECS,
  keyOf,
  openPool,
  openSubscription,
  operatorsTree,
  PERIOD,
  POOL_ID,
  PRICE,
  postDefault,
  posting,
  postNow,
  Tree,
  World
} from '../../kit/index.ts'
import { attempted, type Refusal, refused } from './refusal.ts'

/** A posting of Carol's pool that differs from a good one, signed as it is. */
function posted(error: string, when: string, change: Partial<calls.Posting>): Refusal {
  return refused('post_distribution', error, when, (world, call) => {
    const pool = call.accounts.pool ?? world.config
    const terms = { ...posting(operatorsTree(world), 0), ...change }
    return calls.postDistribution(world, pool, calls.poolState(world, pool, 'CreatorPool'), terms)
  })
}

function signedBy(when: string, names: readonly string[]): Refusal {
  return refused('post_distribution', 'QuorumNotReached', when, (world, call) => {
    const pool = call.accounts.pool ?? world.config
    const state = calls.poolState(world, pool, 'CreatorPool')
    return calls.postDistribution(world, pool, state, posting(operatorsTree(world), 0), names.map(keyOf))
  })
}

function proofOf(call: Call): readonly Uint8Array[] {
  return (call.args?.proof ?? []) as readonly Uint8Array[]
}

/** A claim of the bitmap distribution, altered. */
function claimed(error: string, when: string, change: (world: World, call: Call) => Partial<Call>): Refusal {
  return attempted(error, `claim: ${when}`, () => {
    const world = World.create()
    const call = calls.claim(world, world.people.alice, { ...postDefault(world, 0), index: 0, receipts: false })
    return world.send({ ...call, ...change(world, call) })
  })
}

export const distributions: readonly Refusal[] = [
  posted('InvalidDistribution', 'without weight', { total_weight: 0n }),
  posted('InvalidDistribution', 'without entries', { entries: 0 }),
  posted('InvalidDistribution', 'in a mode that does not exist', { mode: 2 }),
  posted('InvalidDistribution', 'with more entries than a bitmap holds', { entries: 65_537 }),
  posted('InvalidAmount', 'of nothing', { amount: 0n }),
  posted('InsufficientPoolBalance', 'of more than there is', { amount: DEPOSIT + 1n }),
  signedBy('signed by one', ['aggregator 1']),
  signedBy('signed by one, twice', ['aggregator 1', 'aggregator 1']),
  signedBy('signed by one and a stranger', ['aggregator 1', 'mallory']),
  refused('post_distribution', 'QuorumNotReached', 'signed for another amount', (_world, call) => ({
    args: { ...call.args, amount: DEPOSIT - 1n }
  })),
  refused('post_distribution', 'MissingEd25519Instruction', 'signed by nobody', () => ({ before: [] })),
  refused('post_distribution', 'Paused', 'while paused', (world, call) => {
    world.must(calls.setPaused(world, true))
    return call
  }),
  attempted('DistributionTooEarly', 'post_distribution: a second one in an epoch', () => {
    const world = World.create()
    const pool = openPool(world)
    const half = posting(operatorsTree(world), 0, DEPOSIT / 2n)
    postNow(world, pool, half)
    world.runtime.advance(EPOCH_SECS - 1n)
    return world.send(calls.postDistribution(world, pool, calls.poolState(world, pool, 'CreatorPool'), half))
  }),
  attempted('DistributionTooEarly', 'post_distribution: of a subscription in its grace', () => {
    const world = World.create()
    openSubscription(world)
    world.runtime.advance(PERIOD + 28n)
    const pool = world.addresses.subscription(world.people.alice.address, POOL_ID)
    const terms = posting(operatorsTree(world), 0, PRICE)
    return world.send(calls.postDistribution(world, pool, calls.poolState(world, pool, 'Subscription'), terms))
  }),
  claimed('InvalidMerkleProof', 'of another weight', (_world, call) => ({ args: { ...call.args, weight: 61n } })),
  claimed('InvalidMerkleProof', "of another's entry", (world, call) => ({
    accounts: { ...call.accounts, operator: world.people.bob.address, operator_token: world.people.bob.token },
    signers: [world.people.bob.key]
  })),
  claimed('InvalidMerkleProof', 'at another index', (_world, call) => ({ args: { ...call.args, index: 1 } })),
  claimed('InvalidMerkleProof', 'at an index with bits beyond the tree', (_world, call) => ({
    args: { ...call.args, index: 4 }
  })),
  claimed('InvalidMerkleProof', 'with a shortened proof', (_world, call) => ({
    args: { ...call.args, proof: proofOf(call).slice(0, 1) }
  })),
  claimed('InvalidMerkleProof', 'with a lengthened proof', (_world, call) => ({
    args: { ...call.args, proof: [...proofOf(call), new Uint8Array(32)] }
  })),
  claimed('AlreadyClaimed', 'twice', (world, call) => {
    world.must(call)
    return call
  }),
  attempted('AlreadyClaimed', 'claim: twice, with a receipt', () => {
    const { world, call } = caseOf('claim')
    world.must(call)
    return world.send(call)
  }),
  attempted('WeightExceedsTotal', 'claim: of a tree that promises more than its total', () => {
    const world = World.create()
    const { alice, bob } = world.people
    const tree = new Tree([
      { operator: alice.address, weight: 60n },
      { operator: bob.address, weight: 60n }
    ])
    const pool = openPool(world)
    const distribution = postNow(world, pool, { ...posting(tree, 0), total_weight: 100n })
    const target = {
      pool,
      distribution,
      tree,
      receipts: false
    }
    world.must(calls.claim(world, alice, { ...target, index: 0 }))
    return world.send(calls.claim(world, bob, { ...target, index: 1 }))
  }),
  attempted('InvalidAmount', 'claim: of a share that rounds to nothing', () => {
    const world = World.create()
    const { alice, bob } = world.people
    const tree = new Tree([
      { operator: alice.address, weight: 1n },
      { operator: bob.address, weight: DEPOSIT }
    ])
    return world.send(calls.claim(world, alice, { ...postDefault(world, 0, tree), index: 0, receipts: false }))
  }),
  attempted('DistributionOpen', 'close_distribution: before the window ends', () => {
    const world = World.create()
    const { pool, distribution } = postDefault(world, 0)
    world.runtime.advance(CLAIM_WINDOW_SECS - 1n)
    return world.send(calls.closeDistribution(world, pool, distribution, world.people.poster))
  }),
  refused('close_distribution', 'WrongRentPayer', 'with the rent to who closes it', (world, call) => ({
    accounts: { ...call.accounts, rent_payer: world.people.mallory.address }
  })),
  attempted('DistributionOpen', 'close_claim_receipt: while its distribution can be claimed', () => {
    const { world, call } = caseOf('claim')
    world.must(call)
    const distribution = call.accounts.distribution ?? world.config
    return world.send(calls.closeClaimReceipt(world, world.people.alice, distribution, 0))
  }),
  refused('close_claim_receipt', 'WrongRentPayer', 'with the rent to another', (world, call) => ({
    accounts: { ...call.accounts, operator: world.people.mallory.address }
  }))
]
