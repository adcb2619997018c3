/* Made from idl/craftec_settlement.json by npm run build:program. Do not edit. */

#pragma once
#include "account-rules.h"

struct call;

static const struct key SYSTEM_PROGRAM = {{0x0, 0x0, 0x0, 0x0}};
static const struct key TOKEN_PROGRAM = {{0x93a165d7e1f6dd06, 0xac79ebce46e1cbd9, 0x91375b5fed85b41c, 0xa900ff7e85f58c3a}};
static const struct key TOKEN_2022_PROGRAM = {{0xde8f75eee1f6dd06, 0xdacd6ce4bc5d4218, 0x270db9834dfc1ab6, 0xfc8ba1d828f9bdfe}};
static const struct key ED25519_PROGRAM = {{0xbefb937cd6467d03, 0xff408d838f42f912, 0x648af42749747005, 0x804470cafc}};
static const struct key INSTRUCTIONS_SYSVAR = {{0x66d17b1817d5a706, 0xc0c2fd5504d4da35, 0xa57556218fc624c1, 0x85fcbbadb}};
static const struct key UPGRADEABLE_LOADER = {{0xb0a1884e91f6a802, 0x2bae63f73e1510e2, 0xd224c1163db9c200, 0x8004107a53c0}};

enum error : u64 {
  /** no instruction has this discriminator */
  INVALID_INSTRUCTION = 6000,
  /** the arguments are not the canonical borsh of this instruction */
  INVALID_ARGUMENTS = 6001,
  /** fewer accounts than the instruction lists, or more than 32 */
  WRONG_ACCOUNT_COUNT = 6002,
  /** an account that must sign did not */
  MISSING_SIGNATURE = 6003,
  /** an account that changes was passed read-only */
  NOT_WRITABLE = 6004,
  /** a program or sysvar account is not the one listed */
  WRONG_PROGRAM = 6005,
  /** not an account of this program of the kind and version expected */
  INVALID_ACCOUNT = 6006,
  /** not the address that the seeds give */
  INVALID_ADDRESS = 6007,
  /** the account exists */
  ALREADY_INITIALIZED = 6008,
  /** the signer has no right to this */
  NOT_AUTHORIZED = 6009,
  /** the program takes no money in at present */
  PAUSED = 6010,
  /** not an initialised SPL Token mint */
  INVALID_MINT = 6011,
  /** a Token-2022 mint or account; only SPL Token is supported */
  TOKEN2022_UNSUPPORTED = 6012,
  /** not an SPL Token account */
  INVALID_TOKEN_ACCOUNT = 6013,
  /** a token account of another mint */
  WRONG_MINT = 6014,
  /** a token account of another owner */
  WRONG_TOKEN_OWNER = 6015,
  /** zero where money must move */
  INVALID_AMOUNT = 6016,
  /** a sum does not fit */
  ARITHMETIC_OVERFLOW = 6017,
  /** more than 5000 basis points */
  FEE_TOO_HIGH = 6018,
  /** a duration outside its bounds */
  INVALID_SETTING = 6019,
  /** no, too many, or repeated aggregators, or a threshold they cannot reach */
  INVALID_QUORUM = 6020,
  /** no admin was proposed */
  NO_PENDING_ADMIN = 6021,
  /** only the program's upgrade authority may initialise */
  NOT_UPGRADE_AUTHORITY = 6022,
  /** no such service, tier or period, or a price that does not fit the tier */
  INVALID_PLAN = 6023,
  /** the plan is not sold */
  PLAN_INACTIVE = 6024,
  /** the plan's price is not the one agreed to */
  PRICE_CHANGED = 6025,
  /** the plan is not the subscription's */
  WRONG_PLAN = 6026,
  /** the subscription has ended */
  SUBSCRIPTION_EXPIRED = 6027,
  /** the subscription has not ended */
  SUBSCRIPTION_LIVE = 6028,
  /** the next period is already paid */
  PERIOD_ALREADY_PAID = 6029,
  /** no period ahead is paid */
  NOTHING_TO_CANCEL = 6030,
  /** a creator pool serves Data or Bundle */
  INVALID_SERVICE = 6031,
  /** the pool has less than this undistributed */
  INSUFFICIENT_POOL_BALANCE = 6032,
  /** announce the withdrawal first */
  NO_WITHDRAWAL_REQUESTED = 6033,
  /** the announced withdrawal is not ready */
  WITHDRAWAL_NOT_READY = 6034,
  /** the pool holds or has promised tokens */
  POOL_NOT_EMPTY = 6035,
  /** an account cannot be closed in the slot that opened it */
  OPENED_THIS_SLOT = 6036,
  /** a live content fund keeps its tier and its expiry */
  FUND_WOULD_SHRINK = 6037,
  /** the content fund has not expired */
  FUND_LIVE = 6038,
  /** an expiry that is not in the future */
  INVALID_EXPIRY = 6039,
  /** the channel takes no new vouchers or tokens after its expiry */
  CHANNEL_EXPIRED = 6040,
  /** a force close is under way */
  CHANNEL_CLOSING = 6041,
  /** announce the force close first */
  FORCE_CLOSE_NOT_REQUESTED = 6042,
  /** the delay has not passed */
  FORCE_CLOSE_TOO_EARLY = 6043,
  /** the sequence is not above the recorded one */
  STALE_VOUCHER = 6044,
  /** the cumulative amount is below the recorded one */
  VOUCHER_BELOW_RECORDED = 6045,
  /** the cumulative amount is above what is locked */
  VOUCHER_EXCEEDS_DEPOSIT = 6046,
  /** no Ed25519 instruction right before this one */
  MISSING_ED25519_INSTRUCTION = 6047,
  /** the Ed25519 instruction does not check this voucher by this key */
  INVALID_VOUCHER_SIGNATURE = 6048,
  /** too few aggregators signed this distribution */
  QUORUM_NOT_REACHED = 6049,
  /** the pool's epoch or the subscription has not ended */
  DISTRIBUTION_TOO_EARLY = 6050,
  /** weight, entries or mode out of bounds */
  INVALID_DISTRIBUTION = 6051,
  /** the proof does not lead to the root */
  INVALID_MERKLE_PROOF = 6052,
  /** this entry is claimed */
  ALREADY_CLAIMED = 6053,
  /** the claims would exceed the posted total weight */
  WEIGHT_EXCEEDS_TOTAL = 6054,
  /** the claim window is open */
  DISTRIBUTION_OPEN = 6055,
  /** rent returns to who paid it */
  WRONG_RENT_PAYER = 6056,
};

struct pool_ledger {
  struct key owner;
  u64 opened_slot;
  u64 balance;
  u64 promised;
  u64 epoch;
  i64 last_distribution_at;
  u64 open_distributions;
};
struct config {
  u64 discriminator;
  u8 version;
  u8 bump;
  u8 fee_vault_bump;
  u8 paused;
  u16 fee_bps;
  u8 quorum_threshold;
  u8 aggregator_count;
  struct key admin;
  struct key pending_admin;
  struct key mint;
  struct key treasury;
  i64 epoch_secs;
  i64 force_close_delay_secs;
  i64 claim_window_secs;
  i64 withdrawal_delay_secs;
  struct key aggregators[8];
};
constexpr u64 CONFIG_TAG = 0x82ccfa1ee0aa0c9b;
static_assert(sizeof(struct config) == 432);

struct plan {
  u64 discriminator;
  u8 version;
  u8 bump;
  u8 service;
  u8 tier;
  u8 billing_period;
  u8 active;
  u8 reserved[2];
  struct key rent_payer;
  u64 price;
  i64 updated_at;
};
constexpr u64 PLAN_TAG = 0x02a20c0277fbe7a1;
static_assert(sizeof(struct plan) == 64);

struct subscription {
  u64 discriminator;
  u8 version;
  u8 bump;
  u8 vault_bump;
  u8 service;
  u8 tier;
  u8 billing_period;
  u8 reserved[2];
  struct pool_ledger ledger;
  u8 pool_id[32];
  i64 started_at;
  i64 period_ends_at;
  i64 expires_at;
  u64 paid_ahead;
};
constexpr u64 SUBSCRIPTION_TAG = 0x21628466871a0740;
static_assert(sizeof(struct subscription) == 160);

struct creator_pool {
  u64 discriminator;
  u8 version;
  u8 bump;
  u8 vault_bump;
  u8 service;
  u8 reserved[4];
  struct pool_ledger ledger;
  u64 withdrawal_amount;
  i64 withdrawal_ready_at;
};
constexpr u64 CREATOR_POOL_TAG = 0x6b723e00d3599109;
static_assert(sizeof(struct creator_pool) == 112);

struct content_fund {
  u64 discriminator;
  u8 version;
  u8 bump;
  u8 tier;
  u8 reserved[5];
  struct key pool;
  struct key creator;
  u8 content_id[32];
  u64 amount;
  i64 funded_at;
  i64 expires_at;
};
constexpr u64 CONTENT_FUND_TAG = 0xc3a70ca502cd83ae;
static_assert(sizeof(struct content_fund) == 136);

struct payment_channel {
  u64 discriminator;
  u8 version;
  u8 bump;
  u8 vault_bump;
  u8 reserved_byte;
  u16 fee_bps;
  u8 reserved[2];
  struct key sender;
  struct key receiver;
  struct key voucher_signer;
  u64 nonce;
  u64 opened_slot;
  u64 deposited;
  u64 voucher_seq;
  u64 voucher_amount;
  i64 expires_at;
  i64 force_close_delay_secs;
  i64 closes_at;
};
constexpr u64 PAYMENT_CHANNEL_TAG = 0x8aaa179680746635;
static_assert(sizeof(struct payment_channel) == 176);

struct distribution {
  u64 discriminator;
  u8 version;
  u8 bump;
  u8 mode;
  u8 reserved_byte;
  u16 fee_bps;
  u8 reserved[2];
  struct key pool;
  struct key rent_payer;
  u8 root[32];
  u64 pool_opened_slot;
  u64 epoch;
  u64 amount;
  u64 total_weight;
  u64 claimed_amount;
  u64 claimed_weight;
  i64 claims_end_at;
  u32 entries;
  u32 claims;
};
constexpr u64 DISTRIBUTION_TAG = 0x0112c20d0b1155b0;
static_assert(sizeof(struct distribution) == 176);

struct claim_receipt {
  u64 discriminator;
  u8 version;
  u8 bump;
  u8 reserved[2];
  u32 index;
  struct key distribution;
  struct key operator;
  u64 amount;
  i64 claimed_at;
};
constexpr u64 CLAIM_RECEIPT_TAG = 0x1ccfa57ce50be9df;
static_assert(sizeof(struct claim_receipt) == 96);

struct config_changed {
  u64 discriminator;
  struct key admin;
  struct key pending_admin;
  struct key treasury;
  i64 epoch_secs;
  i64 force_close_delay_secs;
  i64 claim_window_secs;
  i64 withdrawal_delay_secs;
  u16 fee_bps;
  u8 paused;
  u8 quorum_threshold;
};
constexpr u64 CONFIG_CHANGED_TAG = 0xc04e4d6262561993;
constexpr u64 CONFIG_CHANGED_BYTES = 140;

struct fees_collected {
  u64 discriminator;
  struct key treasury;
  u64 amount;
};
constexpr u64 FEES_COLLECTED_TAG = 0x08feb26be17517e9;
constexpr u64 FEES_COLLECTED_BYTES = 48;

struct plan_changed {
  u64 discriminator;
  struct key plan;
  u64 price;
  u8 service;
  u8 tier;
  u8 billing_period;
  u8 active;
};
constexpr u64 PLAN_CHANGED_TAG = 0x48d9d22ad556f4b7;
constexpr u64 PLAN_CHANGED_BYTES = 52;

struct plan_deleted {
  u64 discriminator;
  struct key plan;
};
constexpr u64 PLAN_DELETED_TAG = 0xa42bb86a1db03d01;
constexpr u64 PLAN_DELETED_BYTES = 40;

struct subscribed {
  u64 discriminator;
  struct key subscription;
  struct key subscriber;
  u64 paid;
  u64 balance;
  i64 expires_at;
  u8 service;
  u8 tier;
  u8 billing_period;
};
constexpr u64 SUBSCRIBED_TAG = 0xe48aecbe4c693b87;
constexpr u64 SUBSCRIBED_BYTES = 99;

struct subscription_cancelled {
  u64 discriminator;
  struct key subscription;
  u64 refund;
  i64 expires_at;
};
constexpr u64 SUBSCRIPTION_CANCELLED_TAG = 0xefb03e8acde9d89e;
constexpr u64 SUBSCRIPTION_CANCELLED_BYTES = 56;

struct subscription_closed {
  u64 discriminator;
  struct key subscription;
  u64 refund;
};
constexpr u64 SUBSCRIPTION_CLOSED_TAG = 0x5c9c337148116808;
constexpr u64 SUBSCRIPTION_CLOSED_BYTES = 48;

struct creator_pool_created {
  u64 discriminator;
  struct key pool;
  struct key creator;
  u8 service;
};
constexpr u64 CREATOR_POOL_CREATED_TAG = 0xe3e68e761448e383;
constexpr u64 CREATOR_POOL_CREATED_BYTES = 73;

struct pool_deposited {
  u64 discriminator;
  struct key pool;
  struct key depositor;
  u64 amount;
  u64 balance;
};
constexpr u64 POOL_DEPOSITED_TAG = 0x84467d7132561194;
constexpr u64 POOL_DEPOSITED_BYTES = 88;

struct content_funded {
  u64 discriminator;
  struct key pool;
  u8 content_id[32];
  u64 amount;
  u64 total;
  i64 expires_at;
  u8 tier;
};
constexpr u64 CONTENT_FUNDED_TAG = 0xb394605fb6d3a3af;
constexpr u64 CONTENT_FUNDED_BYTES = 97;

struct withdrawal_requested {
  u64 discriminator;
  struct key pool;
  u64 amount;
  i64 ready_at;
};
constexpr u64 WITHDRAWAL_REQUESTED_TAG = 0x379666a00c15cf4b;
constexpr u64 WITHDRAWAL_REQUESTED_BYTES = 56;

struct pool_withdrawn {
  u64 discriminator;
  struct key pool;
  u64 amount;
  u64 balance;
};
constexpr u64 POOL_WITHDRAWN_TAG = 0xcf45de3517dd3e17;
constexpr u64 POOL_WITHDRAWN_BYTES = 56;

struct creator_pool_closed {
  u64 discriminator;
  struct key pool;
};
constexpr u64 CREATOR_POOL_CLOSED_TAG = 0x13c06bd5483553bb;
constexpr u64 CREATOR_POOL_CLOSED_BYTES = 40;

struct channel_opened {
  u64 discriminator;
  struct key channel;
  struct key sender;
  struct key receiver;
  struct key voucher_signer;
  u64 opened_slot;
  u64 deposited;
  i64 expires_at;
};
constexpr u64 CHANNEL_OPENED_TAG = 0xaa2fbc1f60ffd5fd;
constexpr u64 CHANNEL_OPENED_BYTES = 160;

struct channel_topped_up {
  u64 discriminator;
  struct key channel;
  u64 amount;
  u64 deposited;
};
constexpr u64 CHANNEL_TOPPED_UP_TAG = 0x733c0c5020b1e136;
constexpr u64 CHANNEL_TOPPED_UP_BYTES = 56;

struct voucher_updated {
  u64 discriminator;
  struct key channel;
  u64 amount;
  u64 seq;
};
constexpr u64 VOUCHER_UPDATED_TAG = 0x8f19c69e8a4d3f5f;
constexpr u64 VOUCHER_UPDATED_BYTES = 56;

struct force_close_requested {
  u64 discriminator;
  struct key channel;
  i64 closes_at;
};
constexpr u64 FORCE_CLOSE_REQUESTED_TAG = 0x007765bfa8d41b28;
constexpr u64 FORCE_CLOSE_REQUESTED_BYTES = 48;

struct channel_closed {
  u64 discriminator;
  struct key channel;
  u64 receiver_payout;
  u64 protocol_fee;
  u64 sender_refund;
  u8 forced;
};
constexpr u64 CHANNEL_CLOSED_TAG = 0x10547cd8fe17c677;
constexpr u64 CHANNEL_CLOSED_BYTES = 65;

struct distribution_posted {
  u64 discriminator;
  struct key distribution;
  struct key pool;
  u8 root[32];
  u64 epoch;
  u64 amount;
  u64 total_weight;
  u32 entries;
  u8 mode;
};
constexpr u64 DISTRIBUTION_POSTED_TAG = 0x1fef811310e5951a;
constexpr u64 DISTRIBUTION_POSTED_BYTES = 133;

struct rewards_claimed {
  u64 discriminator;
  struct key distribution;
  struct key operator;
  u64 gross_payout;
  u64 protocol_fee;
  u64 net_payout;
  u32 index;
};
constexpr u64 REWARDS_CLAIMED_TAG = 0x795870db1258624b;
constexpr u64 REWARDS_CLAIMED_BYTES = 100;

struct distribution_closed {
  u64 discriminator;
  struct key distribution;
  struct key pool;
  u64 returned;
};
constexpr u64 DISTRIBUTION_CLOSED_TAG = 0x0045a53dfdbdbf99;
constexpr u64 DISTRIBUTION_CLOSED_BYTES = 80;

/** Create the configuration and the fee vault; only the upgrade authority of the program may. */
static result initialize_config(const struct call *c);
constexpr u64 INSTRUCTION_INITIALIZE_CONFIG = 0x46c4bec201157fd0;
enum : u64 { INITIALIZE_CONFIG_ADMIN, INITIALIZE_CONFIG_CONFIG, INITIALIZE_CONFIG_MINT, INITIALIZE_CONFIG_FEE_VAULT, INITIALIZE_CONFIG_TREASURY, INITIALIZE_CONFIG_PROGRAM_DATA, INITIALIZE_CONFIG_TOKEN_PROGRAM, INITIALIZE_CONFIG_SYSTEM_PROGRAM };
static const u8 ACCOUNTS_INITIALIZE_CONFIG[] = {SIGNER | WRITABLE, WRITABLE, 0, WRITABLE, 0, 0, TOKEN_PROGRAM_ACCOUNT, SYSTEM_PROGRAM_ACCOUNT};

/** Replace settings; `new_admin` only proposes, see accept_admin. */
static result update_config(const struct call *c);
constexpr u64 INSTRUCTION_UPDATE_CONFIG = 0x63db530abffc9e1d;
enum : u64 { UPDATE_CONFIG_ADMIN, UPDATE_CONFIG_CONFIG };
static const u8 ACCOUNTS_UPDATE_CONFIG[] = {SIGNER, WRITABLE};

/** The proposed admin takes over. */
static result accept_admin(const struct call *c);
constexpr u64 INSTRUCTION_ACCEPT_ADMIN = 0xaa0db5745a2d2a70;
enum : u64 { ACCEPT_ADMIN_NEW_ADMIN, ACCEPT_ADMIN_CONFIG };
static const u8 ACCOUNTS_ACCEPT_ADMIN[] = {SIGNER, WRITABLE};
struct accept_admin_arguments {
  u64 discriminator;
};
constexpr u64 ARGUMENTS_ACCEPT_ADMIN_BYTES = 8;

/** Choose the token account that collect_fees pays. */
static result set_treasury(const struct call *c);
constexpr u64 INSTRUCTION_SET_TREASURY = 0x886acec35fc46139;
enum : u64 { SET_TREASURY_ADMIN, SET_TREASURY_CONFIG, SET_TREASURY_TREASURY };
static const u8 ACCOUNTS_SET_TREASURY[] = {SIGNER, WRITABLE, 0};
struct set_treasury_arguments {
  u64 discriminator;
};
constexpr u64 ARGUMENTS_SET_TREASURY_BYTES = 8;

/** Stop every instruction that takes money in; money can always leave. */
static result pause(const struct call *c);
constexpr u64 INSTRUCTION_PAUSE = 0x2fc1794afbdd16d3;
enum : u64 { PAUSE_ADMIN, PAUSE_CONFIG };
static const u8 ACCOUNTS_PAUSE[] = {SIGNER, WRITABLE};
struct pause_arguments {
  u64 discriminator;
};
constexpr u64 ARGUMENTS_PAUSE_BYTES = 8;

/** End a pause. */
static result unpause(const struct call *c);
constexpr u64 INSTRUCTION_UNPAUSE = 0xffbc8d0a260490a9;
enum : u64 { UNPAUSE_ADMIN, UNPAUSE_CONFIG };
static const u8 ACCOUNTS_UNPAUSE[] = {SIGNER, WRITABLE};
struct unpause_arguments {
  u64 discriminator;
};
constexpr u64 ARGUMENTS_UNPAUSE_BYTES = 8;

/** Move the fee vault's tokens to the treasury; anyone may. */
static result collect_fees(const struct call *c);
constexpr u64 INSTRUCTION_COLLECT_FEES = 0xb613ba1e63cf98a4;
enum : u64 { COLLECT_FEES_CONFIG, COLLECT_FEES_FEE_VAULT, COLLECT_FEES_TREASURY, COLLECT_FEES_TOKEN_PROGRAM };
static const u8 ACCOUNTS_COLLECT_FEES[] = {0, WRITABLE, WRITABLE, TOKEN_PROGRAM_ACCOUNT};
struct collect_fees_arguments {
  u64 discriminator;
};
constexpr u64 ARGUMENTS_COLLECT_FEES_BYTES = 8;

/** Offer a service at a tier for a period. */
static result create_plan(const struct call *c);
constexpr u64 INSTRUCTION_CREATE_PLAN = 0xba2976d4fe8d2b4d;
enum : u64 { CREATE_PLAN_ADMIN, CREATE_PLAN_CONFIG, CREATE_PLAN_PLAN, CREATE_PLAN_SYSTEM_PROGRAM };
static const u8 ACCOUNTS_CREATE_PLAN[] = {SIGNER | WRITABLE, 0, WRITABLE, SYSTEM_PROGRAM_ACCOUNT};
struct create_plan_arguments {
  u64 discriminator;
  u64 price;
  u8 service;
  u8 tier;
  u8 billing_period;
};
constexpr u64 ARGUMENTS_CREATE_PLAN_BYTES = 19;

/** Change price and whether the plan is sold. */
static result update_plan(const struct call *c);
constexpr u64 INSTRUCTION_UPDATE_PLAN = 0x6401cd4c3c3a7077;
enum : u64 { UPDATE_PLAN_ADMIN, UPDATE_PLAN_CONFIG, UPDATE_PLAN_PLAN };
static const u8 ACCOUNTS_UPDATE_PLAN[] = {SIGNER, 0, WRITABLE};
struct update_plan_arguments {
  u64 discriminator;
  u64 price;
  u8 active;
};
constexpr u64 ARGUMENTS_UPDATE_PLAN_BYTES = 17;

/** Remove a plan; its rent returns to who paid it. */
static result delete_plan(const struct call *c);
constexpr u64 INSTRUCTION_DELETE_PLAN = 0x356c8d5dd2a96f29;
enum : u64 { DELETE_PLAN_ADMIN, DELETE_PLAN_CONFIG, DELETE_PLAN_PLAN, DELETE_PLAN_RENT_PAYER };
static const u8 ACCOUNTS_DELETE_PLAN[] = {SIGNER, 0, WRITABLE, WRITABLE};
struct delete_plan_arguments {
  u64 discriminator;
};
constexpr u64 ARGUMENTS_DELETE_PLAN_BYTES = 8;

/** Buy one period; `price` is what the buyer was shown and must be the plan's. */
static result subscribe(const struct call *c);
constexpr u64 INSTRUCTION_SUBSCRIBE = 0x35b7b39c8abf1cfe;
enum : u64 { SUBSCRIBE_SUBSCRIBER, SUBSCRIBE_CONFIG, SUBSCRIBE_PLAN, SUBSCRIBE_SUBSCRIPTION, SUBSCRIBE_VAULT, SUBSCRIBE_SUBSCRIBER_TOKEN, SUBSCRIBE_MINT, SUBSCRIBE_TOKEN_PROGRAM, SUBSCRIBE_SYSTEM_PROGRAM };
static const u8 ACCOUNTS_SUBSCRIBE[] = {SIGNER | WRITABLE, 0, 0, WRITABLE, WRITABLE, WRITABLE, 0, TOKEN_PROGRAM_ACCOUNT, SYSTEM_PROGRAM_ACCOUNT};
struct subscribe_arguments {
  u64 discriminator;
  u8 pool_id[32];
  u64 price;
};
constexpr u64 ARGUMENTS_SUBSCRIBE_BYTES = 48;

/** Buy the next period while the subscription lives; at most one period ahead. */
static result renew(const struct call *c);
constexpr u64 INSTRUCTION_RENEW = 0x49a3071b2e0fef2b;
enum : u64 { RENEW_SUBSCRIBER, RENEW_CONFIG, RENEW_PLAN, RENEW_SUBSCRIPTION, RENEW_VAULT, RENEW_SUBSCRIBER_TOKEN, RENEW_TOKEN_PROGRAM };
static const u8 ACCOUNTS_RENEW[] = {SIGNER, 0, 0, WRITABLE, WRITABLE, WRITABLE, TOKEN_PROGRAM_ACCOUNT};
struct renew_arguments {
  u64 discriminator;
  u64 price;
};
constexpr u64 ARGUMENTS_RENEW_BYTES = 16;

/** Give the period ahead back, paid in full; the running one stays. */
static result cancel(const struct call *c);
constexpr u64 INSTRUCTION_CANCEL = 0xbedcecdb29dfdbe8;
enum : u64 { CANCEL_SUBSCRIBER, CANCEL_CONFIG, CANCEL_SUBSCRIPTION, CANCEL_VAULT, CANCEL_SUBSCRIBER_TOKEN, CANCEL_TOKEN_PROGRAM };
static const u8 ACCOUNTS_CANCEL[] = {SIGNER, 0, WRITABLE, WRITABLE, WRITABLE, TOKEN_PROGRAM_ACCOUNT};
struct cancel_arguments {
  u64 discriminator;
};
constexpr u64 ARGUMENTS_CANCEL_BYTES = 8;

/** Close an expired subscription: what nobody claimed and the rent go to the subscriber. */
static result close_subscription(const struct call *c);
constexpr u64 INSTRUCTION_CLOSE_SUBSCRIPTION = 0x074e7f2387a9d621;
enum : u64 { CLOSE_SUBSCRIPTION_SUBSCRIBER, CLOSE_SUBSCRIPTION_CONFIG, CLOSE_SUBSCRIPTION_SUBSCRIPTION, CLOSE_SUBSCRIPTION_VAULT, CLOSE_SUBSCRIPTION_SUBSCRIBER_TOKEN, CLOSE_SUBSCRIPTION_TOKEN_PROGRAM };
static const u8 ACCOUNTS_CLOSE_SUBSCRIPTION[] = {SIGNER | WRITABLE, 0, WRITABLE, WRITABLE, WRITABLE, TOKEN_PROGRAM_ACCOUNT};
struct close_subscription_arguments {
  u64 discriminator;
};
constexpr u64 ARGUMENTS_CLOSE_SUBSCRIPTION_BYTES = 8;

/** Open the creator's pool for a service (1 Data, 4 Bundle). */
static result create_creator_pool(const struct call *c);
constexpr u64 INSTRUCTION_CREATE_CREATOR_POOL = 0x3151758d31e65ee1;
enum : u64 { CREATE_CREATOR_POOL_CREATOR, CREATE_CREATOR_POOL_CONFIG, CREATE_CREATOR_POOL_CREATOR_POOL, CREATE_CREATOR_POOL_VAULT, CREATE_CREATOR_POOL_MINT, CREATE_CREATOR_POOL_TOKEN_PROGRAM, CREATE_CREATOR_POOL_SYSTEM_PROGRAM };
static const u8 ACCOUNTS_CREATE_CREATOR_POOL[] = {SIGNER | WRITABLE, 0, WRITABLE, WRITABLE, 0, TOKEN_PROGRAM_ACCOUNT, SYSTEM_PROGRAM_ACCOUNT};
struct create_creator_pool_arguments {
  u64 discriminator;
  u8 service;
};
constexpr u64 ARGUMENTS_CREATE_CREATOR_POOL_BYTES = 9;

/** Add tokens to a creator's pool; anyone may. */
static result deposit(const struct call *c);
constexpr u64 INSTRUCTION_DEPOSIT = 0xb6f2e15289c623f2;
enum : u64 { DEPOSIT_DEPOSITOR, DEPOSIT_CONFIG, DEPOSIT_CREATOR_POOL, DEPOSIT_VAULT, DEPOSIT_DEPOSITOR_TOKEN, DEPOSIT_TOKEN_PROGRAM };
static const u8 ACCOUNTS_DEPOSIT[] = {SIGNER, 0, WRITABLE, WRITABLE, WRITABLE, TOKEN_PROGRAM_ACCOUNT};
struct deposit_arguments {
  u64 discriminator;
  u64 amount;
};
constexpr u64 ARGUMENTS_DEPOSIT_BYTES = 16;

/** Add tokens to the own pool and record which content they are for, at which tier, until when. */
static result fund_content(const struct call *c);
constexpr u64 INSTRUCTION_FUND_CONTENT = 0xe120b0eb3577d870;
enum : u64 { FUND_CONTENT_CREATOR, FUND_CONTENT_CONFIG, FUND_CONTENT_CREATOR_POOL, FUND_CONTENT_CONTENT_FUND, FUND_CONTENT_VAULT, FUND_CONTENT_CREATOR_TOKEN, FUND_CONTENT_TOKEN_PROGRAM, FUND_CONTENT_SYSTEM_PROGRAM };
static const u8 ACCOUNTS_FUND_CONTENT[] = {SIGNER | WRITABLE, 0, WRITABLE, WRITABLE, WRITABLE, WRITABLE, TOKEN_PROGRAM_ACCOUNT, SYSTEM_PROGRAM_ACCOUNT};
struct fund_content_arguments {
  u64 discriminator;
  u8 content_id[32];
  u64 amount;
  i64 expires_at;
  u8 tier;
};
constexpr u64 ARGUMENTS_FUND_CONTENT_BYTES = 57;

/** Remove the record of an expired funding; rent returns to the creator. */
static result close_content_fund(const struct call *c);
constexpr u64 INSTRUCTION_CLOSE_CONTENT_FUND = 0xe5d63952a48c79fc;
enum : u64 { CLOSE_CONTENT_FUND_CREATOR, CLOSE_CONTENT_FUND_CONTENT_FUND };
static const u8 ACCOUNTS_CLOSE_CONTENT_FUND[] = {SIGNER | WRITABLE, WRITABLE};
struct close_content_fund_arguments {
  u64 discriminator;
};
constexpr u64 ARGUMENTS_CLOSE_CONTENT_FUND_BYTES = 8;

/** Announce a withdrawal; distributions posted before it is ready come first. */
static result request_withdrawal(const struct call *c);
constexpr u64 INSTRUCTION_REQUEST_WITHDRAWAL = 0xb10cc938cd7955fb;
enum : u64 { REQUEST_WITHDRAWAL_CREATOR, REQUEST_WITHDRAWAL_CONFIG, REQUEST_WITHDRAWAL_CREATOR_POOL };
static const u8 ACCOUNTS_REQUEST_WITHDRAWAL[] = {SIGNER, 0, WRITABLE};
struct request_withdrawal_arguments {
  u64 discriminator;
  u64 amount;
};
constexpr u64 ARGUMENTS_REQUEST_WITHDRAWAL_BYTES = 16;

/** Pay the announced amount to the creator. */
static result withdraw(const struct call *c);
constexpr u64 INSTRUCTION_WITHDRAW = 0x22a16d949c4612b7;
enum : u64 { WITHDRAW_CREATOR, WITHDRAW_CONFIG, WITHDRAW_CREATOR_POOL, WITHDRAW_VAULT, WITHDRAW_CREATOR_TOKEN, WITHDRAW_TOKEN_PROGRAM };
static const u8 ACCOUNTS_WITHDRAW[] = {SIGNER, 0, WRITABLE, WRITABLE, WRITABLE, TOKEN_PROGRAM_ACCOUNT};
struct withdraw_arguments {
  u64 discriminator;
};
constexpr u64 ARGUMENTS_WITHDRAW_BYTES = 8;

/** Close an empty pool; rent returns to the creator. */
static result close_creator_pool(const struct call *c);
constexpr u64 INSTRUCTION_CLOSE_CREATOR_POOL = 0xe493f12527b056c5;
enum : u64 { CLOSE_CREATOR_POOL_CREATOR, CLOSE_CREATOR_POOL_CONFIG, CLOSE_CREATOR_POOL_CREATOR_POOL, CLOSE_CREATOR_POOL_VAULT, CLOSE_CREATOR_POOL_CREATOR_TOKEN, CLOSE_CREATOR_POOL_TOKEN_PROGRAM };
static const u8 ACCOUNTS_CLOSE_CREATOR_POOL[] = {SIGNER | WRITABLE, 0, WRITABLE, WRITABLE, WRITABLE, TOKEN_PROGRAM_ACCOUNT};
struct close_creator_pool_arguments {
  u64 discriminator;
};
constexpr u64 ARGUMENTS_CLOSE_CREATOR_POOL_BYTES = 8;

/** Lock tokens for a receiver under a voucher key with a cap (the amount) and an expiry. */
static result open_channel(const struct call *c);
constexpr u64 INSTRUCTION_OPEN_CHANNEL = 0x6d6ba68c47fd2d5b;
enum : u64 { OPEN_CHANNEL_SENDER, OPEN_CHANNEL_CONFIG, OPEN_CHANNEL_CHANNEL, OPEN_CHANNEL_VAULT, OPEN_CHANNEL_RECEIVER, OPEN_CHANNEL_SENDER_TOKEN, OPEN_CHANNEL_MINT, OPEN_CHANNEL_TOKEN_PROGRAM, OPEN_CHANNEL_SYSTEM_PROGRAM };
static const u8 ACCOUNTS_OPEN_CHANNEL[] = {SIGNER | WRITABLE, 0, WRITABLE, WRITABLE, 0, WRITABLE, 0, TOKEN_PROGRAM_ACCOUNT, SYSTEM_PROGRAM_ACCOUNT};
struct open_channel_arguments {
  u64 discriminator;
  u64 nonce;
  u64 amount;
  i64 expires_at;
  struct key voucher_signer;
};
constexpr u64 ARGUMENTS_OPEN_CHANNEL_BYTES = 64;

/** Lock more. */
static result top_up(const struct call *c);
constexpr u64 INSTRUCTION_TOP_UP = 0xd04d6a3c0960e1ec;
enum : u64 { TOP_UP_SENDER, TOP_UP_CONFIG, TOP_UP_CHANNEL, TOP_UP_VAULT, TOP_UP_SENDER_TOKEN, TOP_UP_TOKEN_PROGRAM };
static const u8 ACCOUNTS_TOP_UP[] = {SIGNER, 0, WRITABLE, WRITABLE, WRITABLE, TOKEN_PROGRAM_ACCOUNT};
struct top_up_arguments {
  u64 discriminator;
  u64 amount;
};
constexpr u64 ARGUMENTS_TOP_UP_BYTES = 16;

/** Record a newer voucher; anyone holding it may. The Ed25519 instruction stands right before. */
static result update_voucher(const struct call *c);
constexpr u64 INSTRUCTION_UPDATE_VOUCHER = 0x5852e768c352ea1d;
enum : u64 { UPDATE_VOUCHER_CHANNEL, UPDATE_VOUCHER_INSTRUCTIONS };
static const u8 ACCOUNTS_UPDATE_VOUCHER[] = {WRITABLE, INSTRUCTIONS_ACCOUNT};
struct update_voucher_arguments {
  u64 discriminator;
  u64 amount;
  u64 seq;
};
constexpr u64 ARGUMENTS_UPDATE_VOUCHER_BYTES = 24;

/** The receiver settles, by a newer voucher or the recorded one, and closes. */
static result close_channel(const struct call *c);
constexpr u64 INSTRUCTION_CLOSE_CHANNEL = 0x9d67004201246800;
enum : u64 { CLOSE_CHANNEL_RECEIVER, CLOSE_CHANNEL_CONFIG, CLOSE_CHANNEL_CHANNEL, CLOSE_CHANNEL_VAULT, CLOSE_CHANNEL_RECEIVER_TOKEN, CLOSE_CHANNEL_SENDER_TOKEN, CLOSE_CHANNEL_FEE_VAULT, CLOSE_CHANNEL_SENDER, CLOSE_CHANNEL_INSTRUCTIONS, CLOSE_CHANNEL_TOKEN_PROGRAM };
static const u8 ACCOUNTS_CLOSE_CHANNEL[] = {SIGNER, 0, WRITABLE, WRITABLE, WRITABLE, WRITABLE, WRITABLE, WRITABLE, INSTRUCTIONS_ACCOUNT, TOKEN_PROGRAM_ACCOUNT};
struct close_channel_arguments {
  u64 discriminator;
  u64 amount;
  u64 seq;
};
constexpr u64 ARGUMENTS_CLOSE_CHANNEL_BYTES = 24;

/** The sender announces to close alone. */
static result request_force_close(const struct call *c);
constexpr u64 INSTRUCTION_REQUEST_FORCE_CLOSE = 0xdaedfd9ccae90dba;
enum : u64 { REQUEST_FORCE_CLOSE_SENDER, REQUEST_FORCE_CLOSE_CHANNEL };
static const u8 ACCOUNTS_REQUEST_FORCE_CLOSE[] = {SIGNER, WRITABLE};
struct request_force_close_arguments {
  u64 discriminator;
};
constexpr u64 ARGUMENTS_REQUEST_FORCE_CLOSE_BYTES = 8;

/** After the delay, or once the channel expired: pay the recorded voucher, refund the rest, close. */
static result force_close(const struct call *c);
constexpr u64 INSTRUCTION_FORCE_CLOSE = 0xeafec80f40060147;
enum : u64 { FORCE_CLOSE_SENDER, FORCE_CLOSE_CONFIG, FORCE_CLOSE_CHANNEL, FORCE_CLOSE_VAULT, FORCE_CLOSE_RECEIVER_TOKEN, FORCE_CLOSE_SENDER_TOKEN, FORCE_CLOSE_FEE_VAULT, FORCE_CLOSE_TOKEN_PROGRAM };
static const u8 ACCOUNTS_FORCE_CLOSE[] = {SIGNER | WRITABLE, 0, WRITABLE, WRITABLE, WRITABLE, WRITABLE, WRITABLE, TOKEN_PROGRAM_ACCOUNT};
struct force_close_arguments {
  u64 discriminator;
};
constexpr u64 ARGUMENTS_FORCE_CLOSE_BYTES = 8;

/** Promise a part of a pool to the operators under a Merkle root; a quorum of aggregators has signed it. */
static result post_distribution(const struct call *c);
constexpr u64 INSTRUCTION_POST_DISTRIBUTION = 0xe8157bbf4af7a80e;
enum : u64 { POST_DISTRIBUTION_POSTER, POST_DISTRIBUTION_CONFIG, POST_DISTRIBUTION_POOL, POST_DISTRIBUTION_DISTRIBUTION, POST_DISTRIBUTION_INSTRUCTIONS, POST_DISTRIBUTION_SYSTEM_PROGRAM };
static const u8 ACCOUNTS_POST_DISTRIBUTION[] = {SIGNER | WRITABLE, 0, WRITABLE, WRITABLE, INSTRUCTIONS_ACCOUNT, SYSTEM_PROGRAM_ACCOUNT};
struct post_distribution_arguments {
  u64 discriminator;
  u64 amount;
  u64 total_weight;
  u8 root[32];
  u32 entries;
  u8 mode;
};
constexpr u64 ARGUMENTS_POST_DISTRIBUTION_BYTES = 61;

/** Pay an operator its share. */
static result claim(const struct call *c);
constexpr u64 INSTRUCTION_CLAIM = 0xd26c9fd5c1d6c63e;
enum : u64 { CLAIM_OPERATOR, CLAIM_CONFIG, CLAIM_POOL, CLAIM_DISTRIBUTION, CLAIM_VAULT, CLAIM_OPERATOR_TOKEN, CLAIM_FEE_VAULT, CLAIM_CLAIM_RECEIPT, CLAIM_TOKEN_PROGRAM, CLAIM_SYSTEM_PROGRAM };
static const u8 ACCOUNTS_CLAIM[] = {SIGNER | WRITABLE, 0, WRITABLE, WRITABLE, WRITABLE, WRITABLE, WRITABLE, WRITABLE | OPTIONAL, TOKEN_PROGRAM_ACCOUNT, SYSTEM_PROGRAM_ACCOUNT};

/** After the claim window, or when all is claimed: return the rest to the pool, the rent to the poster; anyone may. */
static result close_distribution(const struct call *c);
constexpr u64 INSTRUCTION_CLOSE_DISTRIBUTION = 0xe68df345b0db46ee;
enum : u64 { CLOSE_DISTRIBUTION_DISTRIBUTION, CLOSE_DISTRIBUTION_POOL, CLOSE_DISTRIBUTION_RENT_PAYER };
static const u8 ACCOUNTS_CLOSE_DISTRIBUTION[] = {WRITABLE, WRITABLE, WRITABLE};
struct close_distribution_arguments {
  u64 discriminator;
};
constexpr u64 ARGUMENTS_CLOSE_DISTRIBUTION_BYTES = 8;

/** Once its distribution is closed: return the rent to the operator; anyone may. */
static result close_claim_receipt(const struct call *c);
constexpr u64 INSTRUCTION_CLOSE_CLAIM_RECEIPT = 0xb79d1423ecf0ca56;
enum : u64 { CLOSE_CLAIM_RECEIPT_OPERATOR, CLOSE_CLAIM_RECEIPT_CLAIM_RECEIPT, CLOSE_CLAIM_RECEIPT_DISTRIBUTION };
static const u8 ACCOUNTS_CLOSE_CLAIM_RECEIPT[] = {WRITABLE, WRITABLE, 0};
struct close_claim_receipt_arguments {
  u64 discriminator;
};
constexpr u64 ARGUMENTS_CLOSE_CLAIM_RECEIPT_BYTES = 8;
