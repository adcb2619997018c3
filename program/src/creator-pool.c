/** Creator pools: money for those who keep a creator's content. */
#include "pool.h"

static result load_creator_pool(const struct call *c, u64 index, struct creator_pool **pool) {
  *pool = state_of(c, &c->accounts[index], CREATOR_POOL_TAG, sizeof **pool);
  return *pool == nullptr ? INVALID_ACCOUNT : 0;
}

static result load_own_pool(const struct call *c, u64 index, u64 creator, struct creator_pool **pool) {
  TRY(load_creator_pool(c, index, pool));
  return same_key(c->accounts[creator].key, &(*pool)->ledger.owner) ? 0 : NOT_AUTHORIZED;
}

static result create_creator_pool(const struct call *c) {
  const struct create_creator_pool_arguments *arguments = (const struct create_creator_pool_arguments *)c->data;
  const struct account *creator = &c->accounts[CREATE_CREATOR_POOL_CREATOR];
  const struct account *account = &c->accounts[CREATE_CREATOR_POOL_CREATOR_POOL];
  const struct account *mint = &c->accounts[CREATE_CREATOR_POOL_MINT];
  struct config *config;
  TRY(load_running_config(c, CREATE_CREATOR_POOL_CONFIG, &config));
  if (arguments->service != SERVICE_DATA && arguments->service != SERVICE_BUNDLE)
    return INVALID_SERVICE;
  if (!same_key(mint->key, &config->mint))
    return WRONG_MINT;
  const struct slice seeds[] = {{"creator_pool", 12}, {creator->key, sizeof(struct key)}};
  const struct creation creation = {creator, account, seeds, 2, sizeof(struct creator_pool)};
  TRY(create_state(c, &creation, CREATOR_POOL_TAG));
  struct creator_pool *pool = (struct creator_pool *)account->data;
  const struct vault_creation vault = {creator, &c->accounts[CREATE_CREATOR_POOL_VAULT], account, mint};
  TRY(create_vault(c, &vault, &pool->vault_bump));
  pool->service = arguments->service;
  open_ledger(&pool->ledger, creator->key, 0);
  const struct creator_pool_created event = {CREATOR_POOL_CREATED_TAG, *account->key, *creator->key, pool->service};
  emit(&event, CREATOR_POOL_CREATED_BYTES);
  return 0;
}

static result deposit(const struct call *c) {
  const struct deposit_arguments *arguments = (const struct deposit_arguments *)c->data;
  const struct account *depositor = &c->accounts[DEPOSIT_DEPOSITOR];
  const struct account *account = &c->accounts[DEPOSIT_CREATOR_POOL];
  const struct account *vault = &c->accounts[DEPOSIT_VAULT];
  struct config *config;
  struct creator_pool *pool;
  TRY(load_running_config(c, DEPOSIT_CONFIG, &config));
  TRY(load_creator_pool(c, DEPOSIT_CREATOR_POOL, &pool));
  TRY(check_vault(c, vault, account, pool->vault_bump));
  if (arguments->amount == 0)
    return INVALID_AMOUNT;
  TRY(add(pool->ledger.balance, arguments->amount, &pool->ledger.balance));
  TRY(take(depositor, &c->accounts[DEPOSIT_DEPOSITOR_TOKEN], vault, &config->mint, arguments->amount));
  const struct pool_deposited event = {POOL_DEPOSITED_TAG, *account->key, *depositor->key, arguments->amount,
                                       pool->ledger.balance};
  emit(&event, POOL_DEPOSITED_BYTES);
  return 0;
}

/** Creates the record at the first funding of a content. */
static result open_content_fund(const struct call *c, const struct fund_content_arguments *arguments) {
  const struct account *creator = &c->accounts[FUND_CONTENT_CREATOR];
  const struct account *account = &c->accounts[FUND_CONTENT_CONTENT_FUND];
  const struct key *pool = c->accounts[FUND_CONTENT_CREATOR_POOL].key;
  const struct slice seeds[] = {
      {"content_fund", 12}, {pool, sizeof *pool}, {arguments->content_id, sizeof arguments->content_id}};
  const struct creation creation = {creator, account, seeds, 3, sizeof(struct content_fund)};
  TRY(create_state(c, &creation, CONTENT_FUND_TAG));
  struct content_fund *fund = (struct content_fund *)account->data;
  fund->pool = *pool;
  fund->creator = *creator->key;
  sol_memcpy_(fund->content_id, arguments->content_id, sizeof arguments->content_id);
  return 0;
}

static result check_content_fund(const struct call *c, const struct fund_content_arguments *arguments,
                                 const struct content_fund *fund, i64 time) {
  const struct key *pool = c->accounts[FUND_CONTENT_CREATOR_POOL].key;
  if (!same_key(&fund->pool, pool) || !same_bytes(fund->content_id, arguments->content_id, sizeof fund->content_id))
    return INVALID_ADDRESS;
  /* Holders count on what was promised until it ends. */
  const bool shrinks = arguments->tier < fund->tier || arguments->expires_at < fund->expires_at;
  return shrinks && time < fund->expires_at ? FUND_WOULD_SHRINK : 0;
}

static result fund_content(const struct call *c) {
  const struct fund_content_arguments *arguments = (const struct fund_content_arguments *)c->data;
  const struct account *creator = &c->accounts[FUND_CONTENT_CREATOR];
  const struct account *pool_account = &c->accounts[FUND_CONTENT_CREATOR_POOL];
  const struct account *account = &c->accounts[FUND_CONTENT_CONTENT_FUND];
  const struct account *vault = &c->accounts[FUND_CONTENT_VAULT];
  struct config *config;
  struct creator_pool *pool;
  TRY(load_running_config(c, FUND_CONTENT_CONFIG, &config));
  TRY(load_own_pool(c, FUND_CONTENT_CREATOR_POOL, FUND_CONTENT_CREATOR, &pool));
  TRY(check_vault(c, vault, pool_account, pool->vault_bump));
  const i64 time = now().unix_timestamp;
  if (arguments->amount == 0)
    return INVALID_AMOUNT;
  if (arguments->tier > LAST_TIER)
    return INVALID_PLAN;
  if (arguments->expires_at <= time)
    return INVALID_EXPIRY;
  struct content_fund *fund = state_of(c, account, CONTENT_FUND_TAG, sizeof *fund);
  if (fund == nullptr) {
    TRY(open_content_fund(c, arguments));
    fund = (struct content_fund *)account->data;
  } else {
    TRY(check_content_fund(c, arguments, fund, time));
  }
  TRY(add(fund->amount, arguments->amount, &fund->amount));
  TRY(add(pool->ledger.balance, arguments->amount, &pool->ledger.balance));
  TRY(take(creator, &c->accounts[FUND_CONTENT_CREATOR_TOKEN], vault, &config->mint, arguments->amount));
  fund->tier = arguments->tier;
  fund->funded_at = time;
  fund->expires_at = arguments->expires_at;
  struct content_funded event = {.discriminator = CONTENT_FUNDED_TAG,
                                 .pool = fund->pool,
                                 .amount = arguments->amount,
                                 .total = fund->amount,
                                 .expires_at = fund->expires_at,
                                 .tier = fund->tier};
  sol_memcpy_(event.content_id, fund->content_id, sizeof event.content_id);
  emit(&event, CONTENT_FUNDED_BYTES);
  return 0;
}

static result close_content_fund(const struct call *c) {
  const struct account *creator = &c->accounts[CLOSE_CONTENT_FUND_CREATOR];
  const struct account *account = &c->accounts[CLOSE_CONTENT_FUND_CONTENT_FUND];
  const struct content_fund *fund = state_of(c, account, CONTENT_FUND_TAG, sizeof *fund);
  if (fund == nullptr)
    return INVALID_ACCOUNT;
  if (!same_key(creator->key, &fund->creator))
    return NOT_AUTHORIZED;
  if (now().unix_timestamp < fund->expires_at)
    return FUND_LIVE;
  return close_state(account, creator);
}

static result request_withdrawal(const struct call *c) {
  const struct request_withdrawal_arguments *arguments = (const struct request_withdrawal_arguments *)c->data;
  struct config *config;
  struct creator_pool *pool;
  TRY(load_config(c, REQUEST_WITHDRAWAL_CONFIG, &config));
  TRY(load_own_pool(c, REQUEST_WITHDRAWAL_CREATOR_POOL, REQUEST_WITHDRAWAL_CREATOR, &pool));
  if (arguments->amount == 0)
    return INVALID_AMOUNT;
  if (arguments->amount > pool->ledger.balance)
    return INSUFFICIENT_POOL_BALANCE;
  pool->withdrawal_amount = arguments->amount;
  pool->withdrawal_ready_at = now().unix_timestamp + config->withdrawal_delay_secs;
  const struct key *address = c->accounts[REQUEST_WITHDRAWAL_CREATOR_POOL].key;
  const struct withdrawal_requested event = {WITHDRAWAL_REQUESTED_TAG, *address, arguments->amount,
                                             pool->withdrawal_ready_at};
  emit(&event, WITHDRAWAL_REQUESTED_BYTES);
  return 0;
}

static result withdraw(const struct call *c) {
  const struct account *account = &c->accounts[WITHDRAW_CREATOR_POOL];
  const struct account *vault = &c->accounts[WITHDRAW_VAULT];
  const struct account *to = &c->accounts[WITHDRAW_CREATOR_TOKEN];
  struct config *config;
  struct creator_pool *pool;
  TRY(load_config(c, WITHDRAW_CONFIG, &config));
  TRY(load_own_pool(c, WITHDRAW_CREATOR_POOL, WITHDRAW_CREATOR, &pool));
  TRY(check_vault(c, vault, account, pool->vault_bump));
  TRY(check_token(to, &config->mint, &pool->ledger.owner));
  if (pool->withdrawal_amount == 0)
    return NO_WITHDRAWAL_REQUESTED;
  if (now().unix_timestamp < pool->withdrawal_ready_at)
    return WITHDRAWAL_NOT_READY;
  const u64 amount = pool->withdrawal_amount;
  TRY(subtract(pool->ledger.balance, amount, &pool->ledger.balance));
  pool->withdrawal_amount = 0;
  pool->withdrawal_ready_at = 0;
  TRY(pay_from_pool(account, vault, to, amount));
  const struct pool_withdrawn event = {POOL_WITHDRAWN_TAG, *account->key, amount, pool->ledger.balance};
  emit(&event, POOL_WITHDRAWN_BYTES);
  return 0;
}

static result close_creator_pool(const struct call *c) {
  const struct account *account = &c->accounts[CLOSE_CREATOR_POOL_CREATOR_POOL];
  const struct account *vault = &c->accounts[CLOSE_CREATOR_POOL_VAULT];
  const struct account *to = &c->accounts[CLOSE_CREATOR_POOL_CREATOR_TOKEN];
  struct config *config;
  struct creator_pool *pool;
  TRY(load_config(c, CLOSE_CREATOR_POOL_CONFIG, &config));
  TRY(load_own_pool(c, CLOSE_CREATOR_POOL_CREATOR_POOL, CLOSE_CREATOR_POOL_CREATOR, &pool));
  TRY(check_vault(c, vault, account, pool->vault_bump));
  TRY(check_token(to, &config->mint, &pool->ledger.owner));
  TRY(check_closable(&pool->ledger));
  if (pool->ledger.balance != 0)
    return POOL_NOT_EMPTY;
  TRY(close_pool(account, vault, to, &c->accounts[CLOSE_CREATOR_POOL_CREATOR]));
  const struct creator_pool_closed event = {CREATOR_POOL_CLOSED_TAG, *account->key};
  emit(&event, CREATOR_POOL_CLOSED_BYTES);
  return 0;
}
