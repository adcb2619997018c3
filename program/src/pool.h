/** What subscriptions and creator pools share: a vault, and a ledger of what is promised and what is not. */
#pragma once
#include "config.h"

/** A subscription's first distribution waits for receipts that are on their way when it ends. */
constexpr i64 GRACE_SECS = 30;

/** The beginning of both kinds of pool; for code that serves both. */
struct pool {
  u64 discriminator;
  u8 version;
  u8 bump;
  u8 vault_bump;
  u8 details[5];
  struct pool_ledger ledger;
};
static_assert(sizeof(struct pool) == 16 + sizeof(struct pool_ledger));

static void open_ledger(struct pool_ledger *ledger, const struct key *owner, u64 balance) {
  const struct clock clock = now();
  ledger->owner = *owner;
  ledger->opened_slot = clock.slot;
  ledger->balance = balance;
  ledger->last_distribution_at = clock.unix_timestamp;
}

/** The seeds by which a pool signs for its vault. */
struct pool_signer {
  struct slice seeds[4];
  struct signer signer;
};

static void sign_as_pool(const struct pool *pool, struct pool_signer *out) {
  u64 count = 0;
  const bool is_subscription = pool->discriminator == SUBSCRIPTION_TAG;
  out->seeds[count++] = is_subscription ? (struct slice){"subscription", 12} : (struct slice){"creator_pool", 12};
  out->seeds[count++] = (struct slice){&pool->ledger.owner, sizeof(struct key)};
  if (is_subscription)
    out->seeds[count++] = (struct slice){((const struct subscription *)pool)->pool_id, sizeof(struct key)};
  out->seeds[count++] = (struct slice){&pool->bump, 1};
  out->signer = (struct signer){out->seeds, count};
}

/** Pays from the vault; the ledger is the caller's. */
static result pay_from_pool(const struct account *pool_account, const struct account *vault, const struct account *to,
                            u64 amount) {
  struct pool_signer signer;
  sign_as_pool((const struct pool *)pool_account->data, &signer);
  return transfer(vault, to, pool_account, amount, &signer.signer);
}

/** Nothing may be left to claim, and the opening must lie in an earlier slot, so that `opened_slot` names it for ever. */
static result check_closable(const struct pool_ledger *ledger) {
  if (ledger->promised != 0 || ledger->open_distributions != 0)
    return POOL_NOT_EMPTY;
  return now().slot > ledger->opened_slot ? 0 : OPENED_THIS_SLOT;
}

/** Sends the vault's tokens to `to` and both rents to the owner. */
static result close_pool(const struct account *pool_account, const struct account *vault, const struct account *to,
                         const struct account *owner) {
  struct pool_signer signer;
  sign_as_pool((const struct pool *)pool_account->data, &signer);
  TRY(transfer(vault, to, pool_account, token_amount(vault), &signer.signer));
  TRY(close_vault(vault, owner, pool_account, &signer.signer));
  return close_state(pool_account, owner);
}
