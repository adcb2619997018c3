/** Well-known addresses, and addresses that belong to the program. */
#pragma once
#include "interface.h"

static const struct key SYSTEM_PROGRAM = {{0, 0, 0, 0}};
static const struct key TOKEN_PROGRAM = {
    {0x93a165d7e1f6dd06, 0xac79ebce46e1cbd9, 0x91375bed85b41cac, 0xa900ff7e85f58c3a}};
static const struct key TOKEN_2022_PROGRAM = {
    {0xde8f75eee1f6dd06, 0xdacd6ce4bc5d4218, 0x270db9834dfc1ab6, 0xfc8ba1d828f9bdfe}};
static const struct key ED25519_PROGRAM = {
    {0xbefb937cd6467d03, 0xff408d838f42f912, 0x648af42749747005, 0x804470cafc}};
static const struct key INSTRUCTIONS_SYSVAR = {
    {0x66d17b1817d5a706, 0xc0c2fd5504d4da35, 0xa57556218fc624c1, 0x85fcbbadb}};
static const struct key UPGRADEABLE_LOADER = {
    {0xb0a1884e91f6a802, 0x2bae63f73e1510e2, 0xd224c1163db9c200, 0x8004107a53c0}};

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

/**
 * Whether `address` is that of seeds that end with a bump found before. The bump was canonical when it was stored, so one hash
 * (a program address is SHA-256 of the seeds, the program and a tag) says as much as the syscall that searches, at a tenth of its cost.
 */
static bool has_seeds(const struct key *address, const struct slice *seeds, u64 count, const struct key *program) {
  struct slice parts[6];
  for (u64 i = 0; i < count; i++)
    parts[i] = seeds[i];
  parts[count] = (struct slice){program, sizeof *program};
  parts[count + 1] = (struct slice){"ProgramDerivedAddress", 21};
  struct key derived;
  sol_sha256(parts, count + 2, &derived);
  return same_key(&derived, address);
}

static bool same_bytes(const void *a, const void *b, u64 length) {
  int order = 1;
  sol_memcmp_(a, b, length, &order);
  return order == 0;
}
