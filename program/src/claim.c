/** Claims: an operator proves its entry and is paid, once. */
#include "distribution.c"

constexpr u64 PROOF_AT = 24;
constexpr u64 HASH_BYTES = 32;
constexpr u64 PROOF_LIMIT = 32;

/** The arguments up to the hashes; the proof's length is theirs. */
struct claim_arguments {
  u64 discriminator;
  u64 weight;
  u32 index;
  u32 proof_length;
};
static_assert(sizeof(struct claim_arguments) == PROOF_AT);

static result read_claim(const struct call *c, const struct claim_arguments **arguments) {
  *arguments = (const struct claim_arguments *)c->data;
  if (c->data_length < PROOF_AT || (*arguments)->proof_length > PROOF_LIMIT)
    return INVALID_ARGUMENTS;
  return c->data_length == PROOF_AT + (*arguments)->proof_length * HASH_BYTES ? 0 : INVALID_ARGUMENTS;
}

static u64 tree_depth(u32 entries) {
  u64 depth = 0;
  while ((1ull << depth) < entries)
    depth++;
  return depth;
}

/** The whole depth is asked for: a shorter proof could end at an inner node, an index past the entries at padding. */
static result check_proof(const struct distribution *distribution, const struct key *operator,
                          const struct claim_arguments *arguments) {
  if (arguments->index >= distribution->entries || arguments->proof_length != tree_depth(distribution->entries))
    return INVALID_MERKLE_PROOF;
  const u8 *proof = (const u8 *)arguments + PROOF_AT;
  u8 hash[HASH_BYTES];
  const struct slice leaf[] = {{operator, sizeof *operator}, {&arguments->weight, sizeof arguments->weight}};
  sol_sha256(leaf, 2, hash);
  for (u64 level = 0; level < arguments->proof_length; level++) {
    const u8 *sibling = proof + level * HASH_BYTES;
    const bool is_right = arguments->index >> level & 1;
    const struct slice node[] = {{is_right ? sibling : hash, HASH_BYTES}, {is_right ? hash : sibling, HASH_BYTES}};
    sol_sha256(node, 2, hash);
  }
  return same_bytes(hash, distribution->root, HASH_BYTES) ? 0 : INVALID_MERKLE_PROOF;
}

static result mark_bit(struct distribution *distribution, u32 index) {
  u8 *byte = (u8 *)(distribution + 1) + (index >> 3);
  const u8 bit = (u8)(1 << (index & 7));
  if (*byte & bit)
    return ALREADY_CLAIMED;
  *byte |= bit;
  return 0;
}

static result create_receipt(const struct call *c, u32 index, u64 amount) {
  const struct account *operator = &c->accounts[CLAIM_OPERATOR];
  const struct account *account = &c->accounts[CLAIM_CLAIM_RECEIPT];
  const struct account *distribution = &c->accounts[CLAIM_DISTRIBUTION];
  const struct slice seeds[] = {
      {"claim_receipt", 13}, {distribution->key, sizeof(struct key)}, {&index, sizeof index}};
  const struct creation creation = {operator, account, seeds, 3, sizeof(struct claim_receipt)};
  const result failed = create_state(c, &creation, CLAIM_RECEIPT_TAG);
  if (failed != 0)
    return failed == ALREADY_INITIALIZED ? ALREADY_CLAIMED : failed;
  struct claim_receipt *receipt = (struct claim_receipt *)account->data;
  receipt->index = index;
  receipt->distribution = *distribution->key;
  receipt->operator = *operator->key;
  receipt->amount = amount;
  receipt->claimed_at = now().unix_timestamp;
  return 0;
}

/** The one gate against a second claim, by whichever means the distribution was posted with. */
static result mark_claimed(const struct call *c, struct distribution *distribution, u32 index, u64 amount) {
  return distribution->mode == MODE_BITMAP ? mark_bit(distribution, index) : create_receipt(c, index, amount);
}

static result share_of(const struct distribution *distribution, u64 weight, u64 *gross) {
  if (weight > distribution->total_weight)
    return WEIGHT_EXCEEDS_TOTAL;
  TRY(multiply_divide(distribution->amount, weight, distribution->total_weight, gross));
  return *gross != 0 ? 0 : INVALID_AMOUNT;
}

/** The weights of all claims stay within the total, so their shares stay within the amount, whatever the tree says. */
static result book_claim(struct pool_ledger *ledger, struct distribution *distribution, u64 weight, u64 gross) {
  TRY(add(distribution->claimed_weight, weight, &distribution->claimed_weight));
  if (distribution->claimed_weight > distribution->total_weight)
    return WEIGHT_EXCEEDS_TOTAL;
  TRY(add(distribution->claimed_amount, gross, &distribution->claimed_amount));
  distribution->claims++;
  return subtract(ledger->promised, gross, &ledger->promised);
}

static result claim(const struct call *c) {
  const struct account *operator = &c->accounts[CLAIM_OPERATOR];
  const struct account *pool_account = &c->accounts[CLAIM_POOL];
  const struct account *vault = &c->accounts[CLAIM_VAULT];
  const struct account *to = &c->accounts[CLAIM_OPERATOR_TOKEN];
  const struct claim_arguments *arguments;
  struct config *config;
  struct pool *pool;
  struct distribution *distribution;
  TRY(read_claim(c, &arguments));
  TRY(load_config(c, CLAIM_CONFIG, &config));
  TRY(load_pool(c, CLAIM_POOL, &pool));
  TRY(load_distribution(c, CLAIM_DISTRIBUTION, pool_account->key, &distribution));
  TRY(check_vault(c, vault, pool_account, pool->vault_bump));
  TRY(check_fee_vault(c, CLAIM_FEE_VAULT, CLAIM_CONFIG, config));
  TRY(check_token(to, &config->mint, operator->key));
  TRY(check_proof(distribution, operator->key, arguments));
  struct rewards_claimed event = {.discriminator = REWARDS_CLAIMED_TAG,
                                  .distribution = *c->accounts[CLAIM_DISTRIBUTION].key,
                                  .operator = *operator->key,
                                  .index = arguments->index};
  TRY(share_of(distribution, arguments->weight, &event.gross_payout));
  TRY(mark_claimed(c, distribution, arguments->index, event.gross_payout));
  TRY(book_claim(&pool->ledger, distribution, arguments->weight, event.gross_payout));
  TRY(fee_of(event.gross_payout, distribution->fee_bps, &event.protocol_fee));
  TRY(subtract(event.gross_payout, event.protocol_fee, &event.net_payout));
  TRY(pay_from_pool(pool_account, vault, to, event.net_payout));
  TRY(pay_from_pool(pool_account, vault, &c->accounts[CLAIM_FEE_VAULT], event.protocol_fee));
  emit(&event, REWARDS_CLAIMED_BYTES);
  return 0;
}

static result close_claim_receipt(const struct call *c) {
  const struct account *operator = &c->accounts[CLOSE_CLAIM_RECEIPT_OPERATOR];
  const struct account *account = &c->accounts[CLOSE_CLAIM_RECEIPT_CLAIM_RECEIPT];
  const struct account *distribution = &c->accounts[CLOSE_CLAIM_RECEIPT_DISTRIBUTION];
  const struct claim_receipt *receipt = state_of(c, account, CLAIM_RECEIPT_TAG, sizeof *receipt);
  if (receipt == nullptr)
    return INVALID_ACCOUNT;
  if (!same_key(operator->key, &receipt->operator))
    return WRONG_RENT_PAYER;
  if (!same_key(distribution->key, &receipt->distribution))
    return INVALID_ADDRESS;
  if (same_key(distribution->owner, c->program))
    return DISTRIBUTION_OPEN;
  return close_state(account, operator);
}
