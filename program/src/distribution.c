/** Distributions: a part of a pool promised under a Merkle root that a quorum of aggregators signed. */
#include "ed25519.h"
#include "pool.h"

enum : u8 { MODE_BITMAP = 0, MODE_RECEIPTS = 1 };
constexpr u32 BITMAP_ENTRY_LIMIT = 65536;

struct distribution_message {
  char domain[16];
  struct key program;
  struct key pool;
  u64 pool_opened_slot;
  u64 epoch;
  u64 amount;
  u64 total_weight;
  u8 root[32];
  u32 entries;
  u8 mode;
  u8 zero[3];
};
static_assert(sizeof(struct distribution_message) == 152);

static result load_pool(const struct call *c, u64 index, struct pool **pool) {
  const struct account *account = &c->accounts[index];
  *pool = state_of(c, account, SUBSCRIPTION_TAG, sizeof(struct subscription));
  if (*pool == nullptr)
    *pool = state_of(c, account, CREATOR_POOL_TAG, sizeof(struct creator_pool));
  return *pool == nullptr ? INVALID_ACCOUNT : 0;
}

static result load_distribution(const struct call *c, u64 index, const struct key *pool,
                                struct distribution **distribution) {
  *distribution = state_of(c, &c->accounts[index], DISTRIBUTION_TAG, sizeof **distribution);
  if (*distribution == nullptr)
    return INVALID_ACCOUNT;
  return same_key(&(*distribution)->pool, pool) ? 0 : INVALID_ADDRESS;
}

static i64 aggregator_index(const struct config *config, const u8 *key) {
  for (u64 i = 0; i < config->aggregator_count; i++)
    if (same_bytes(&config->aggregators[i], key, sizeof(struct key)))
      return (i64)i;
  return -1;
}

/** Signatures by others or over other bytes do not count; nor does a second one by the same aggregator. */
static result check_quorum(const struct config *config, const struct account *sysvar,
                           const struct distribution_message *message) {
  const u8 *data;
  u64 length;
  TRY(previous_ed25519(sysvar, &data, &length));
  u64 signed_by = 0;
  u64 count = 0;
  for (u64 i = 0; i < data[0]; i++) {
    const u8 *key = signer_of(data, length, i, message, sizeof *message);
    const i64 index = key == nullptr ? -1 : aggregator_index(config, key);
    if (index < 0 || (signed_by >> index & 1))
      continue;
    signed_by |= 1ull << index;
    count++;
  }
  return count >= config->quorum_threshold ? 0 : QUORUM_NOT_REACHED;
}

static result check_terms(const struct config *config, const struct pool *pool,
                          const struct post_distribution_arguments *arguments, i64 time) {
  if (pool->discriminator == SUBSCRIPTION_TAG &&
      time < ((const struct subscription *)pool)->expires_at + GRACE_SECS)
    return DISTRIBUTION_TOO_EARLY;
  if (time < pool->ledger.last_distribution_at + config->epoch_secs)
    return DISTRIBUTION_TOO_EARLY;
  const bool is_bitmap = arguments->mode == MODE_BITMAP;
  if (arguments->total_weight == 0 || arguments->entries == 0 || arguments->mode > MODE_RECEIPTS ||
      (is_bitmap && arguments->entries > BITMAP_ENTRY_LIMIT))
    return INVALID_DISTRIBUTION;
  if (arguments->amount == 0)
    return INVALID_AMOUNT;
  return arguments->amount <= pool->ledger.balance ? 0 : INSUFFICIENT_POOL_BALANCE;
}

static result check_signed(const struct call *c, const struct config *config, const struct pool_ledger *ledger,
                           const struct post_distribution_arguments *arguments) {
  struct distribution_message message = {.program = *c->program,
                                         .pool = *c->accounts[POST_DISTRIBUTION_POOL].key,
                                         .pool_opened_slot = ledger->opened_slot,
                                         .epoch = ledger->epoch,
                                         .amount = arguments->amount,
                                         .total_weight = arguments->total_weight,
                                         .entries = arguments->entries,
                                         .mode = arguments->mode};
  sol_memcpy_(message.domain, "craftec/payouts1", sizeof message.domain);
  sol_memcpy_(message.root, arguments->root, sizeof message.root);
  return check_quorum(config, &c->accounts[POST_DISTRIBUTION_INSTRUCTIONS], &message);
}

static result create_distribution(const struct call *c, const struct pool_ledger *ledger,
                                  const struct post_distribution_arguments *arguments) {
  const struct slice seeds[] = {{"distribution", 12},
                                {c->accounts[POST_DISTRIBUTION_POOL].key, sizeof(struct key)},
                                {&ledger->opened_slot, sizeof ledger->opened_slot},
                                {&ledger->epoch, sizeof ledger->epoch}};
  const u64 bitmap_bytes = arguments->mode == MODE_BITMAP ? ((u64)arguments->entries + 7) / 8 : 0;
  const struct creation creation = {&c->accounts[POST_DISTRIBUTION_POSTER],
                                    &c->accounts[POST_DISTRIBUTION_DISTRIBUTION], seeds, 4,
                                    sizeof(struct distribution) + bitmap_bytes};
  return create_state(c, &creation, DISTRIBUTION_TAG);
}

/**
 * A distribution comes before an announced withdrawal. What it takes is no longer announced: an old announcement must
 * not reach money that came in later without notice.
 */
static void limit_withdrawal(struct pool *pool) {
  if (pool->discriminator != CREATOR_POOL_TAG)
    return;
  struct creator_pool *creator_pool = (struct creator_pool *)pool;
  if (creator_pool->withdrawal_amount > pool->ledger.balance)
    creator_pool->withdrawal_amount = pool->ledger.balance;
}

static void emit_posted(const struct key *address, const struct distribution *distribution) {
  struct distribution_posted event = {.discriminator = DISTRIBUTION_POSTED_TAG,
                                      .distribution = *address,
                                      .pool = distribution->pool,
                                      .epoch = distribution->epoch,
                                      .amount = distribution->amount,
                                      .total_weight = distribution->total_weight,
                                      .entries = distribution->entries,
                                      .mode = distribution->mode};
  sol_memcpy_(event.root, distribution->root, sizeof event.root);
  emit(&event, DISTRIBUTION_POSTED_BYTES);
}

static result post_distribution(const struct call *c) {
  const struct post_distribution_arguments *arguments = (const struct post_distribution_arguments *)c->data;
  const struct account *account = &c->accounts[POST_DISTRIBUTION_DISTRIBUTION];
  struct config *config;
  struct pool *pool;
  TRY(load_running_config(c, POST_DISTRIBUTION_CONFIG, &config));
  TRY(load_pool(c, POST_DISTRIBUTION_POOL, &pool));
  struct pool_ledger *ledger = &pool->ledger;
  const i64 time = now().unix_timestamp;
  TRY(check_terms(config, pool, arguments, time));
  TRY(check_signed(c, config, ledger, arguments));
  TRY(create_distribution(c, ledger, arguments));
  struct distribution *distribution = (struct distribution *)account->data;
  distribution->mode = arguments->mode;
  distribution->fee_bps = config->fee_bps;
  distribution->pool = *c->accounts[POST_DISTRIBUTION_POOL].key;
  distribution->rent_payer = *c->accounts[POST_DISTRIBUTION_POSTER].key;
  sol_memcpy_(distribution->root, arguments->root, sizeof distribution->root);
  distribution->pool_opened_slot = ledger->opened_slot;
  distribution->epoch = ledger->epoch;
  distribution->amount = arguments->amount;
  distribution->total_weight = arguments->total_weight;
  distribution->claims_end_at = time + config->claim_window_secs;
  distribution->entries = arguments->entries;
  TRY(subtract(ledger->balance, arguments->amount, &ledger->balance));
  limit_withdrawal(pool);
  TRY(add(ledger->promised, arguments->amount, &ledger->promised));
  TRY(add(ledger->epoch, 1, &ledger->epoch));
  TRY(add(ledger->open_distributions, 1, &ledger->open_distributions));
  ledger->last_distribution_at = time;
  emit_posted(account->key, distribution);
  return 0;
}

static result close_distribution(const struct call *c) {
  const struct account *account = &c->accounts[CLOSE_DISTRIBUTION_DISTRIBUTION];
  const struct account *pool_account = &c->accounts[CLOSE_DISTRIBUTION_POOL];
  const struct account *rent_payer = &c->accounts[CLOSE_DISTRIBUTION_RENT_PAYER];
  struct pool *pool;
  struct distribution *distribution;
  TRY(load_pool(c, CLOSE_DISTRIBUTION_POOL, &pool));
  TRY(load_distribution(c, CLOSE_DISTRIBUTION_DISTRIBUTION, pool_account->key, &distribution));
  if (!same_key(rent_payer->key, &distribution->rent_payer))
    return WRONG_RENT_PAYER;
  const bool is_claimed = distribution->claimed_weight == distribution->total_weight;
  if (!is_claimed && now().unix_timestamp < distribution->claims_end_at)
    return DISTRIBUTION_OPEN;
  struct distribution_closed event = {DISTRIBUTION_CLOSED_TAG, *account->key, *pool_account->key, 0};
  TRY(subtract(distribution->amount, distribution->claimed_amount, &event.returned));
  TRY(subtract(pool->ledger.promised, event.returned, &pool->ledger.promised));
  TRY(add(pool->ledger.balance, event.returned, &pool->ledger.balance));
  TRY(subtract(pool->ledger.open_distributions, 1, &pool->ledger.open_distributions));
  TRY(close_state(account, rent_payer));
  emit(&event, DISTRIBUTION_CLOSED_BYTES);
  return 0;
}
