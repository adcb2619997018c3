/** Subscriptions: a paid period of a plan, and the pool that its price waits in. */
#include "plan.c"
#include "pool.h"

static i64 period_secs(const struct plan *plan) {
  return plan->billing_period == MONTHLY ? 30 * DAY_SECS : 365 * DAY_SECS;
}

static result load_subscription(const struct call *c, u64 index, u64 subscriber, struct subscription **subscription) {
  *subscription = state_of(c, &c->accounts[index], SUBSCRIPTION_TAG, sizeof **subscription);
  if (*subscription == nullptr)
    return INVALID_ACCOUNT;
  return same_key(c->accounts[subscriber].key, &(*subscription)->ledger.owner) ? 0 : NOT_AUTHORIZED;
}

/** @param price what the buyer agreed to: a plan may have changed since it was shown */
static result check_offer(const struct plan *plan, u64 price) {
  if (!plan->active)
    return PLAN_INACTIVE;
  return price == plan->price ? 0 : PRICE_CHANGED;
}

static void emit_subscribed(const struct key *address, const struct subscription *subscription, u64 paid) {
  const struct subscribed event = {SUBSCRIBED_TAG,
                                   *address,
                                   subscription->ledger.owner,
                                   paid,
                                   subscription->ledger.balance,
                                   subscription->expires_at,
                                   subscription->service,
                                   subscription->tier,
                                   subscription->billing_period};
  emit(&event, SUBSCRIBED_BYTES);
}

static result subscribe(const struct call *c) {
  const struct subscribe_arguments *arguments = (const struct subscribe_arguments *)c->data;
  const struct account *subscriber = &c->accounts[SUBSCRIBE_SUBSCRIBER];
  const struct account *account = &c->accounts[SUBSCRIBE_SUBSCRIPTION];
  const struct account *vault = &c->accounts[SUBSCRIBE_VAULT];
  const struct account *mint = &c->accounts[SUBSCRIBE_MINT];
  struct config *config;
  struct plan *plan;
  TRY(load_running_config(c, SUBSCRIBE_CONFIG, &config));
  TRY(load_plan(c, SUBSCRIBE_PLAN, &plan));
  TRY(check_offer(plan, arguments->price));
  if (!same_key(mint->key, &config->mint))
    return WRONG_MINT;
  const struct slice seeds[] = {{"subscription", 12},
                                {subscriber->key, sizeof(struct key)},
                                {arguments->pool_id, sizeof arguments->pool_id}};
  const struct creation creation = {subscriber, account, seeds, 3, sizeof(struct subscription)};
  TRY(create_state(c, &creation, SUBSCRIPTION_TAG));
  struct subscription *subscription = (struct subscription *)account->data;
  const struct vault_creation vault_creation = {subscriber, vault, account, mint};
  TRY(create_vault(c, &vault_creation, &subscription->vault_bump));
  TRY(take(subscriber, &c->accounts[SUBSCRIBE_SUBSCRIBER_TOKEN], vault, &config->mint, arguments->price));
  subscription->service = plan->service;
  subscription->tier = plan->tier;
  subscription->billing_period = plan->billing_period;
  open_ledger(&subscription->ledger, subscriber->key, arguments->price);
  sol_memcpy_(subscription->pool_id, arguments->pool_id, sizeof arguments->pool_id);
  subscription->started_at = now().unix_timestamp;
  subscription->period_ends_at = subscription->started_at + period_secs(plan);
  subscription->expires_at = subscription->period_ends_at;
  emit_subscribed(account->key, subscription, arguments->price);
  return 0;
}

static bool is_of_plan(const struct subscription *subscription, const struct plan *plan) {
  return subscription->service == plan->service && subscription->tier == plan->tier &&
         subscription->billing_period == plan->billing_period;
}

static result renew(const struct call *c) {
  const struct renew_arguments *arguments = (const struct renew_arguments *)c->data;
  const struct account *subscriber = &c->accounts[RENEW_SUBSCRIBER];
  const struct account *account = &c->accounts[RENEW_SUBSCRIPTION];
  const struct account *vault = &c->accounts[RENEW_VAULT];
  struct config *config;
  struct plan *plan;
  struct subscription *subscription;
  TRY(load_running_config(c, RENEW_CONFIG, &config));
  TRY(load_plan(c, RENEW_PLAN, &plan));
  TRY(load_subscription(c, RENEW_SUBSCRIPTION, RENEW_SUBSCRIBER, &subscription));
  TRY(check_vault(c, vault, account, subscription->vault_bump));
  if (!is_of_plan(subscription, plan))
    return WRONG_PLAN;
  TRY(check_offer(plan, arguments->price));
  const i64 time = now().unix_timestamp;
  if (time >= subscription->expires_at)
    return SUBSCRIPTION_EXPIRED;
  if (time >= subscription->period_ends_at)
    subscription->period_ends_at = subscription->expires_at;
  if (subscription->expires_at > subscription->period_ends_at)
    return PERIOD_ALREADY_PAID;
  TRY(take(subscriber, &c->accounts[RENEW_SUBSCRIBER_TOKEN], vault, &config->mint, arguments->price));
  TRY(add(subscription->ledger.balance, arguments->price, &subscription->ledger.balance));
  subscription->paid_ahead = arguments->price;
  subscription->expires_at += period_secs(plan);
  emit_subscribed(account->key, subscription, arguments->price);
  return 0;
}

static result cancel(const struct call *c) {
  const struct account *account = &c->accounts[CANCEL_SUBSCRIPTION];
  const struct account *vault = &c->accounts[CANCEL_VAULT];
  const struct account *to = &c->accounts[CANCEL_SUBSCRIBER_TOKEN];
  struct config *config;
  struct subscription *subscription;
  TRY(load_config(c, CANCEL_CONFIG, &config));
  TRY(load_subscription(c, CANCEL_SUBSCRIPTION, CANCEL_SUBSCRIBER, &subscription));
  TRY(check_vault(c, vault, account, subscription->vault_bump));
  TRY(check_token(to, &config->mint, &subscription->ledger.owner));
  const bool is_ahead = subscription->expires_at > subscription->period_ends_at;
  if (!is_ahead || now().unix_timestamp >= subscription->period_ends_at)
    return NOTHING_TO_CANCEL;
  const u64 refund = subscription->paid_ahead;
  TRY(subtract(subscription->ledger.balance, refund, &subscription->ledger.balance));
  subscription->paid_ahead = 0;
  subscription->expires_at = subscription->period_ends_at;
  TRY(pay_from_pool(account, vault, to, refund));
  const struct subscription_cancelled event = {SUBSCRIPTION_CANCELLED_TAG, *account->key, refund,
                                               subscription->expires_at};
  emit(&event, SUBSCRIPTION_CANCELLED_BYTES);
  return 0;
}

static result close_subscription(const struct call *c) {
  const struct account *account = &c->accounts[CLOSE_SUBSCRIPTION_SUBSCRIPTION];
  const struct account *vault = &c->accounts[CLOSE_SUBSCRIPTION_VAULT];
  const struct account *to = &c->accounts[CLOSE_SUBSCRIPTION_SUBSCRIBER_TOKEN];
  struct config *config;
  struct subscription *subscription;
  TRY(load_config(c, CLOSE_SUBSCRIPTION_CONFIG, &config));
  TRY(load_subscription(c, CLOSE_SUBSCRIPTION_SUBSCRIPTION, CLOSE_SUBSCRIPTION_SUBSCRIBER, &subscription));
  TRY(check_vault(c, vault, account, subscription->vault_bump));
  TRY(check_token(to, &config->mint, &subscription->ledger.owner));
  const i64 time = now().unix_timestamp;
  if (time < subscription->expires_at + GRACE_SECS)
    return SUBSCRIPTION_LIVE;
  TRY(check_closable(&subscription->ledger));
  const u64 balance = subscription->ledger.balance;
  /* Those who served it have the claim window to have it distributed. */
  if (balance != 0 && time < subscription->expires_at + config->claim_window_secs)
    return POOL_NOT_EMPTY;
  TRY(close_pool(account, vault, to, &c->accounts[CLOSE_SUBSCRIPTION_SUBSCRIBER]));
  const struct subscription_closed event = {SUBSCRIPTION_CLOSED_TAG, *account->key, balance};
  emit(&event, SUBSCRIPTION_CLOSED_BYTES);
  return 0;
}
