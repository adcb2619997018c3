/** What the runtime gives a program: types of the call interface and the syscalls in use (Agave, loader v3, C ABI). */
#pragma once

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef long long i64;

/** 0 or an error: the code of one of ours; one that a called program gave comes as the runtime wrote it. */
typedef u64 result;

/** Leave the function with the error of what it calls. */
#define TRY(step)              \
  do {                         \
    const result failed = (step); \
    if (failed != 0)           \
      return failed;           \
  } while (0)

struct key {
  u64 words[4];
};

struct slice {
  const void *at;
  u64 length;
};

/** SolAccountInfo */
struct account {
  struct key *key;
  u64 *lamports;
  u64 data_length;
  u8 *data;
  struct key *owner;
  u64 rent_epoch;
  bool is_signer;
  bool is_writable;
  bool is_executable;
};

/** SolAccountMeta */
struct account_meta {
  const struct key *key;
  bool is_writable;
  bool is_signer;
};

/** SolInstruction */
struct instruction {
  const struct key *program;
  const struct account_meta *accounts;
  u64 account_count;
  const void *data;
  u64 data_length;
};

/** SolSignerSeeds */
struct signer {
  const struct slice *seeds;
  u64 count;
};

struct clock {
  u64 slot;
  i64 epoch_start_timestamp;
  u64 epoch;
  u64 leader_schedule_epoch;
  i64 unix_timestamp;
};

struct rent {
  u64 lamports_per_byte;
  /** The bits of a double: 2.0, or 1.0 once SIMD-0194 has folded it into the price. */
  u64 threshold_bits;
  u8 burn_percent;
};

u64 sol_get_clock_sysvar(struct clock *clock);
u64 sol_get_rent_sysvar(struct rent *rent);
u64 sol_invoke_signed_c(const struct instruction *instruction, const struct account *accounts, u64 account_count,
                        const struct signer *signers, u64 signer_count);
u64 sol_log_data(const struct slice *fields, u64 count);
u64 sol_memcmp_(const void *a, const void *b, u64 length, int *order);
u64 sol_memcpy_(void *to, const void *from, u64 length);
u64 sol_memset_(void *at, u8 value, u64 length);
u64 sol_sha256(const struct slice *parts, u64 count, void *hash);
u64 sol_try_find_program_address(const struct slice *seeds, u64 count, const struct key *program, struct key *address,
                                 u8 *bump);
