/** Errors of the settlement program by code, from 6000 on (docs/protocol/settlement.md, "Errors"), with what to do about each. */
export const FIRST_PROGRAM_ERROR = 6000

const BUG = 'this is a defect of the client: please report it'
const READ_AGAIN = 'read the account again and build the transaction anew'
const TOKEN_ACCOUNT = 'pass an SPL Token account of the configured mint that belongs to the party'
const WAIT = 'wait until the time that the account names'

/** Name, meaning, advice. */
export const PROGRAM_ERRORS: readonly (readonly [name: string, meaning: string, advice: string])[] = [
  ['InvalidInstruction', 'no instruction has this discriminator', 'check the program id and the version of the client'],
  ['InvalidArguments', 'the arguments are not the canonical borsh of this instruction', BUG],
  ['WrongAccountCount', 'fewer accounts than the instruction lists, or more than 32', BUG],
  ['MissingSignature', 'an account that must sign did not', 'sign with the key of the party that acts'],
  ['NotWritable', 'an account that changes was passed read-only', BUG],
  ['WrongProgram', 'a program or sysvar account is not the one listed', BUG],
  ['InvalidAccount', 'not an account of this program of the kind and version expected', 'check that it was created'],
  ['InvalidAddress', 'not the address that the seeds give', 'derive addresses with the program id in use'],
  ['AlreadyInitialized', 'the account exists', 'use it, or choose another nonce or pool id'],
  ['NotAuthorized', 'the signer has no right to this', 'sign with the owner or, for settings, the admin'],
  ['Paused', 'the program takes no money in at present', 'try again when the admin has ended the pause'],
  ['InvalidMint', 'not an initialised SPL Token mint', 'pass the mint of the configuration'],
  ['Token2022Unsupported', 'a Token-2022 mint or account; only SPL Token is supported', TOKEN_ACCOUNT],
  ['InvalidTokenAccount', 'not an SPL Token account', TOKEN_ACCOUNT],
  ['WrongMint', 'a token account of another mint', TOKEN_ACCOUNT],
  ['WrongTokenOwner', 'a token account of another owner', TOKEN_ACCOUNT],
  ['InvalidAmount', 'zero where money must move', 'pass an amount above zero'],
  ['ArithmeticOverflow', 'a sum does not fit', 'use a smaller amount'],
  ['FeeTooHigh', 'more than 5000 basis points', 'pass at most 5000'],
  ['InvalidSetting', 'a duration outside its bounds', 'keep to the bounds in docs/protocol/settlement.md'],
  [
    'InvalidQuorum',
    'no, too many, or repeated aggregators, or a threshold they cannot reach',
    'name 1 to 8 distinct aggregators and a threshold of 1 to 5 that they can reach'
  ],
  ['NoPendingAdmin', 'no admin was proposed', 'have the admin propose one first'],
  ['NotUpgradeAuthority', "only the program's upgrade authority may initialise", 'sign with the key that deployed it'],
  [
    'InvalidPlan',
    'no such service, tier or period, or a price that does not fit the tier',
    'keep to the values in docs/protocol/settlement.md'
  ],
  ['PlanInactive', 'the plan is not sold', 'choose an active plan'],
  ['PriceChanged', "the plan's price is not the one agreed to", 'show the new price and ask again'],
  ['WrongPlan', "the plan is not the subscription's", 'renew with the plan that was subscribed'],
  ['SubscriptionExpired', 'the subscription has ended', 'subscribe anew'],
  ['SubscriptionLive', 'the subscription has not ended', WAIT],
  ['PeriodAlreadyPaid', 'the next period is already paid', 'renew when it has begun'],
  ['NothingToCancel', 'no period ahead is paid', 'the running period cannot be given back'],
  ['InvalidService', 'a creator pool serves Data or Bundle', 'pass 1 or 4'],
  ['InsufficientPoolBalance', 'the pool has less than this undistributed', READ_AGAIN],
  ['NoWithdrawalRequested', 'announce the withdrawal first', 'request the withdrawal and wait for its delay'],
  ['WithdrawalNotReady', 'the announced withdrawal is not ready', WAIT],
  ['PoolNotEmpty', 'the pool holds or has promised tokens', 'withdraw, and wait for open distributions to be closed'],
  ['OpenedThisSlot', 'an account cannot be closed in the slot that opened it', 'send it again: the slot has passed'],
  ['FundWouldShrink', 'a live content fund keeps its tier and its expiry', 'keep the tier; name no earlier expiry'],
  ['FundLive', 'the content fund has not expired', WAIT],
  ['InvalidExpiry', 'an expiry that is not in the future', "check the device's clock and name a later time"],
  ['ChannelExpired', 'the channel takes no new vouchers or tokens after its expiry', 'open another channel'],
  ['ChannelClosing', 'a force close is under way', 'redeem what is owed and open another channel'],
  ['ForceCloseNotRequested', 'announce the force close first', 'request it and wait for the delay of the channel'],
  ['ForceCloseTooEarly', 'the delay has not passed', WAIT],
  ['StaleVoucher', 'the sequence is not above the recorded one', READ_AGAIN],
  ['VoucherBelowRecorded', 'the cumulative amount is below the recorded one', READ_AGAIN],
  ['VoucherExceedsDeposit', 'the cumulative amount is above what is locked', 'have the sender top the channel up'],
  ['MissingEd25519Instruction', 'no Ed25519 instruction right before this one', BUG],
  [
    'InvalidVoucherSignature',
    'the Ed25519 instruction does not check this voucher by this key',
    "use the voucher of this opening, signed by the channel's voucher key"
  ],
  ['QuorumNotReached', 'too few aggregators signed this distribution', 'collect more signatures over the same bytes'],
  ['DistributionTooEarly', "the pool's epoch or the subscription has not ended", WAIT],
  [
    'InvalidDistribution',
    'weight, entries or mode out of bounds',
    'check the tree that the distribution was made from'
  ],
  ['InvalidMerkleProof', 'the proof does not lead to the root', "make it from the distribution's own entries"],
  ['AlreadyClaimed', 'this entry is claimed', 'nothing is left to do: it was paid'],
  [
    'WeightExceedsTotal',
    'the claims would exceed the posted total weight',
    'the distribution was posted with a wrong total'
  ],
  ['DistributionOpen', 'the claim window is open', WAIT],
  ['WrongRentPayer', 'rent returns to who paid it', 'pass the rent payer that the account names']
]
