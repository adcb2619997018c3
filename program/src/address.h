/** Comparing addresses, and those that belong to the program. */
#pragma once
#include "interface.h"

static inline bool same_key(const struct key *a, const struct key *b) {
  return a->words[0] == b->words[0] && a->words[1] == b->words[1] && a->words[2] == b->words[2] &&
         a->words[3] == b->words[3];
}

static inline bool is_zero_key(const struct key *key) {
  return (key->words[0] | key->words[1] | key->words[2] | key->words[3]) == 0;
}

/** The only address of these seeds, found as wallets and explorers find it. */
static result find_address(const struct slice *seeds, u64 count, const struct key *program, struct key *address,
                           u8 *bump) {
  return sol_try_find_program_address(seeds, count, program, address, bump) == 0 ? 0 : INVALID_ADDRESS;
}

static bool same_bytes(const void *a, const void *b, u64 length) {
  int order = 1;
  sol_memcmp_(a, b, length, &order);
  return order == 0;
}
