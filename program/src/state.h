/** The program's own accounts: recognised, created at their addresses, and closed. */
#pragma once
#include "arithmetic.h"
#include "call.h"

constexpr u8 STATE_VERSION = 1;
/** What the runtime adds to an account's size when it prices storage. */
constexpr u64 ACCOUNT_OVERHEAD_BYTES = 128;
constexpr u64 THRESHOLD_TWO = 0x4000000000000000;
constexpr u64 THRESHOLD_ONE = 0x3ff0000000000000;
constexpr u64 SEED_LIMIT = 4;

/** What every account of ours begins with. */
struct state_head {
  u64 discriminator;
  u8 version;
  u8 bump;
};

/** @returns the account's content, or null for one of another program, kind, version or size */
static void *state_of(const struct call *c, const struct account *account, u64 discriminator, u64 size) {
  const struct state_head *head = (const struct state_head *)account->data;
  const bool ours = same_key(account->owner, c->program) && account->data_length >= size;
  return ours && head->discriminator == discriminator && head->version == STATE_VERSION ? account->data : nullptr;
}

static result rent_for(u64 data_length, u64 *lamports) {
  struct rent rent;
  sol_get_rent_sysvar(&rent);
  TRY(multiply_divide(data_length + ACCOUNT_OVERHEAD_BYTES, rent.lamports_per_byte, 1, lamports));
  if (rent.threshold_bits == THRESHOLD_TWO)
    return add(*lamports, *lamports, lamports);
  return rent.threshold_bits == THRESHOLD_ONE ? 0 : INVALID_SETTING;
}

/** The system program's instructions in use, as bincode writes them. */
enum : u32 { SYSTEM_CREATE_ACCOUNT = 0, SYSTEM_ASSIGN = 1, SYSTEM_TRANSFER = 2, SYSTEM_ALLOCATE = 8 };

struct __attribute__((packed)) system_create {
  u32 instruction;
  u64 lamports;
  u64 space;
  struct key owner;
};

struct __attribute__((packed)) system_amount {
  u32 instruction;
  u64 amount;
};

struct __attribute__((packed)) system_assign {
  u32 instruction;
  struct key owner;
};

/** @param payer null when the created account alone takes part */
static result call_system(const struct account *payer, const struct account *created, const void *data, u64 length,
                          const struct signer *signer) {
  struct account_meta metas[2];
  struct account accounts[2];
  u64 count = 0;
  if (payer != nullptr) {
    metas[count] = (struct account_meta){payer->key, true, true};
    accounts[count++] = live(payer);
  }
  metas[count] = (struct account_meta){created->key, true, signer != nullptr};
  accounts[count++] = live(created);
  const struct instruction instruction = {&SYSTEM_PROGRAM, metas, count, data, length};
  return sol_invoke_signed_c(&instruction, accounts, count, signer, signer != nullptr);
}

/** An account to be created at the address of its seeds. */
struct creation {
  const struct account *payer;
  const struct account *created;
  /** At most SEED_LIMIT, without bump. */
  const struct slice *seeds;
  u64 seed_count;
  u64 space;
};

/** Anyone can send lamports to an address before it exists, and CreateAccount then refuses it: so in three steps. */
static result create_funded(const struct creation *what, u64 lamports, const struct key *owner,
                            const struct signer *signer) {
  if (*what->created->lamports < lamports) {
    const struct system_amount transfer = {SYSTEM_TRANSFER, lamports - *what->created->lamports};
    TRY(call_system(what->payer, what->created, &transfer, sizeof transfer, nullptr));
  }
  const struct system_amount allocate = {SYSTEM_ALLOCATE, what->space};
  TRY(call_system(nullptr, what->created, &allocate, sizeof allocate, signer));
  const struct system_assign assign = {SYSTEM_ASSIGN, *owner};
  return call_system(nullptr, what->created, &assign, sizeof assign, signer);
}

/** @param bump of the address, to be kept in the account */
static result create_at(const struct call *c, const struct creation *what, const struct key *owner, u8 *bump) {
  const struct account *created = what->created;
  struct key address;
  TRY(find_address(what->seeds, what->seed_count, c->program, &address, bump));
  if (!same_key(&address, created->key))
    return INVALID_ADDRESS;
  if (!same_key(created->owner, &SYSTEM_PROGRAM) || created->data_length != 0)
    return ALREADY_INITIALIZED;
  struct slice seeds[SEED_LIMIT + 1];
  for (u64 i = 0; i < what->seed_count; i++)
    seeds[i] = what->seeds[i];
  seeds[what->seed_count] = (struct slice){bump, 1};
  const struct signer signer = {seeds, what->seed_count + 1};
  u64 lamports;
  TRY(rent_for(what->space, &lamports));
  if (*created->lamports != 0)
    return create_funded(what, lamports, owner, &signer);
  const struct system_create create = {SYSTEM_CREATE_ACCOUNT, lamports, what->space, *owner};
  return call_system(what->payer, created, &create, sizeof create, &signer);
}

/** Creates an account of ours and writes its head; the rest is zero. */
static result create_state(const struct call *c, const struct creation *what, u64 discriminator) {
  u8 bump;
  TRY(create_at(c, what, c->program, &bump));
  struct state_head *head = (struct state_head *)what->created->data;
  head->discriminator = discriminator;
  head->version = STATE_VERSION;
  head->bump = bump;
  return 0;
}

/** Closes an account of ours: without content and owner, nothing later in the transaction can use it. */
static result close_state(const struct account *closed, const struct account *rent_to) {
  TRY(add(*rent_to->lamports, *closed->lamports, rent_to->lamports));
  *closed->lamports = 0;
  *(u64 *)(closed->data - 8) = 0;
  *closed->owner = SYSTEM_PROGRAM;
  return 0;
}

static void emit(const void *event, u64 length) {
  const struct slice field = {event, length};
  sol_log_data(&field, 1);
}

static struct clock now(void) {
  struct clock clock;
  sol_get_clock_sysvar(&clock);
  return clock;
}
