/** One invocation: its accounts and data, and the checks that need nothing but the interface description. */
#pragma once
#include "address.h"

constexpr u64 ACCOUNT_LIMIT = 32;
/** The runtime leaves room behind each account's data for it to grow. */
constexpr u64 GROWTH_BYTES = 10 * 1024;
constexpr u8 NOT_DUPLICATE = 0xff;
constexpr u64 VARIABLE_BYTES = 0;

struct call {
  struct account accounts[ACCOUNT_LIMIT];
  u64 account_count;
  const u8 *data;
  u64 data_length;
  const struct key *program;
};

/** The account as calls have left it: what another program created has grown since the input was read. */
static struct account live(const struct account *account) {
  struct account copy = *account;
  copy.data_length = *(const u64 *)(account->data - sizeof(u64));
  return copy;
}

/** Reads the loader's input (loader v3 serialisation, aligned). */
static result read_call(u8 *input, struct call *c) {
  u64 *words = (u64 *)input;
  c->account_count = words[0];
  if (c->account_count > ACCOUNT_LIMIT)
    return WRONG_ACCOUNT_COUNT;
  u8 *at = input + 8;
  for (u64 i = 0; i < c->account_count; i++) {
    struct account *account = &c->accounts[i];
    const u8 duplicate_of = at[0];
    if (duplicate_of != NOT_DUPLICATE) {
      *account = c->accounts[duplicate_of];
      at += 8;
      continue;
    }
    account->is_signer = at[1] != 0;
    account->is_writable = at[2] != 0;
    account->is_executable = at[3] != 0;
    account->key = (struct key *)(at + 8);
    account->owner = (struct key *)(at + 40);
    account->lamports = (u64 *)(at + 72);
    account->data_length = *(u64 *)(at + 80);
    account->data = at + 88;
    at += (88 + account->data_length + GROWTH_BYTES + 7) & ~7ull;
    account->rent_epoch = *(u64 *)at;
    at += 8;
  }
  c->data_length = *(u64 *)at;
  c->data = at + 8;
  c->program = (const struct key *)(c->data + c->data_length);
  return 0;
}

static result check_account(const struct account *account, u8 rule, const struct key *program) {
  if ((rule & OPTIONAL) && same_key(account->key, program))
    return 0;
  if ((rule & SIGNER) && !account->is_signer)
    return MISSING_SIGNATURE;
  if ((rule & WRITABLE) && !account->is_writable)
    return NOT_WRITABLE;
  if ((rule & SYSTEM_PROGRAM_ACCOUNT) && !same_key(account->key, &SYSTEM_PROGRAM))
    return WRONG_PROGRAM;
  if ((rule & TOKEN_PROGRAM_ACCOUNT) && !same_key(account->key, &TOKEN_PROGRAM))
    return same_key(account->key, &TOKEN_2022_PROGRAM) ? TOKEN2022_UNSUPPORTED : WRONG_PROGRAM;
  if ((rule & INSTRUCTIONS_ACCOUNT) && !same_key(account->key, &INSTRUCTIONS_SYSVAR))
    return WRONG_PROGRAM;
  return 0;
}

/** @param data_length of the whole instruction; VARIABLE_BYTES leaves it to the handler */
static result check_call(const struct call *c, const u8 *rules, u64 rule_count, u64 data_length) {
  if (data_length != VARIABLE_BYTES && c->data_length != data_length)
    return INVALID_ARGUMENTS;
  if (c->account_count < rule_count)
    return WRONG_ACCOUNT_COUNT;
  for (u64 i = 0; i < rule_count; i++)
    TRY(check_account(&c->accounts[i], rules[i], c->program));
  return 0;
}
