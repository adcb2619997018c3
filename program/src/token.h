/** SPL Token: checks of every token account, and the calls that move tokens. */
#pragma once
#include "state.h"

constexpr u64 TOKEN_ACCOUNT_BYTES = 165;
constexpr u64 MINT_BYTES = 82;
constexpr u64 MINT_INITIALIZED_AT = 45;
constexpr u8 TOKEN_TRANSFER = 3;
constexpr u8 TOKEN_CLOSE_ACCOUNT = 9;
constexpr u8 TOKEN_INITIALIZE_ACCOUNT_3 = 18;

/** The first fields of a token account. */
struct token_account {
  struct key mint;
  struct key owner;
  u64 amount;
};

static result check_mint(const struct account *mint) {
  if (same_key(mint->owner, &TOKEN_2022_PROGRAM))
    return TOKEN2022_UNSUPPORTED;
  const bool is_mint = same_key(mint->owner, &TOKEN_PROGRAM) && mint->data_length == MINT_BYTES;
  return is_mint && mint->data[MINT_INITIALIZED_AT] == 1 ? 0 : INVALID_MINT;
}

/** @param owner null accepts any */
static result check_token(const struct account *account, const struct key *mint, const struct key *owner) {
  if (same_key(account->owner, &TOKEN_2022_PROGRAM))
    return TOKEN2022_UNSUPPORTED;
  if (!same_key(account->owner, &TOKEN_PROGRAM) || account->data_length != TOKEN_ACCOUNT_BYTES)
    return INVALID_TOKEN_ACCOUNT;
  const struct token_account *token = (const struct token_account *)account->data;
  if (!same_key(&token->mint, mint))
    return WRONG_MINT;
  return owner == nullptr || same_key(&token->owner, owner) ? 0 : WRONG_TOKEN_OWNER;
}

static inline u64 token_amount(const struct account *account) {
  return ((const struct token_account *)account->data)->amount;
}

/**
 * Whether a token account is the vault of an account of ours. The bump was found by the runtime's search when it was
 * stored, so one hash (a program address is SHA-256 of the seeds, the program and a tag) says as much as that search,
 * at a tenth of its cost.
 */
static result check_vault(const struct call *c, const struct account *vault, const struct account *holder, u8 bump) {
  const struct slice parts[] = {{"vault", 5},
                                {holder->key, sizeof(struct key)},
                                {&bump, 1},
                                {c->program, sizeof(struct key)},
                                {"ProgramDerivedAddress", 21}};
  struct key address;
  sol_sha256(parts, 5, &address);
  return same_key(&address, vault->key) ? 0 : INVALID_ADDRESS;
}

struct vault_creation {
  const struct account *payer;
  const struct account *vault;
  /** The account of ours that the vault belongs to. */
  const struct account *holder;
  const struct account *mint;
};

/** Creates a vault; only this program can. */
static result create_vault(const struct call *c, const struct vault_creation *what, u8 *bump) {
  const struct account *vault = what->vault;
  const struct slice seeds[] = {{"vault", 5}, {what->holder->key, sizeof(struct key)}};
  const struct creation creation = {what->payer, vault, seeds, 2, TOKEN_ACCOUNT_BYTES};
  TRY(create_at(c, &creation, &TOKEN_PROGRAM, bump));
  struct __attribute__((packed)) {
    u8 instruction;
    struct key owner;
  } data = {TOKEN_INITIALIZE_ACCOUNT_3, *what->holder->key};
  const struct account_meta metas[] = {{vault->key, true, false}, {what->mint->key, false, false}};
  const struct account accounts[] = {live(vault), live(what->mint)};
  const struct instruction initialize = {&TOKEN_PROGRAM, metas, 2, &data, sizeof data};
  return sol_invoke_signed_c(&initialize, accounts, 2, nullptr, 0);
}

/**
 * Moves tokens; nothing for an amount of zero.
 * @param signer the seeds of `authority`; null when it signed the transaction
 */
static result transfer(const struct account *from, const struct account *to, const struct account *authority,
                       u64 amount, const struct signer *signer) {
  if (amount == 0)
    return 0;
  const struct __attribute__((packed)) {
    u8 instruction;
    u64 amount;
  } data = {TOKEN_TRANSFER, amount};
  const struct account_meta metas[] = {
      {from->key, true, false}, {to->key, true, false}, {authority->key, false, true}};
  const struct account accounts[] = {live(from), live(to), live(authority)};
  const struct instruction instruction = {&TOKEN_PROGRAM, metas, 3, &data, sizeof data};
  return sol_invoke_signed_c(&instruction, accounts, 3, signer, signer != nullptr);
}

/** Closes an empty vault. */
static result close_vault(const struct account *vault, const struct account *rent_to, const struct account *holder,
                          const struct signer *signer) {
  const u8 data = TOKEN_CLOSE_ACCOUNT;
  const struct account_meta metas[] = {
      {vault->key, true, false}, {rent_to->key, true, false}, {holder->key, false, true}};
  const struct account accounts[] = {live(vault), live(rent_to), live(holder)};
  const struct instruction instruction = {&TOKEN_PROGRAM, metas, 3, &data, 1};
  return sol_invoke_signed_c(&instruction, accounts, 3, signer, 1);
}

/** Takes a user's tokens into a vault. */
static result take(const struct account *payer, const struct account *from, const struct account *vault,
                   const struct key *mint, u64 amount) {
  TRY(check_token(from, mint, payer->key));
  return transfer(from, vault, payer, amount, nullptr);
}
