/**
 * Signatures: the runtime's Ed25519 program has checked what stands in the instruction right before ours, or the
 * transaction would have failed; here we read what it checked. (Instructions sysvar; Ed25519SignatureOffsets.)
 */
#pragma once
#include "call.h"
#include "reader.h"

constexpr u64 ED25519_HEADER_BYTES = 2;
constexpr u64 ED25519_SIGNATURE_BYTES = 64;
constexpr u16 THIS_INSTRUCTION = 0xffff;

/** One entry of the instruction's table. */
struct signature_offsets {
  u16 signature_at;
  u16 signature_instruction;
  u16 key_at;
  u16 key_instruction;
  u16 message_at;
  u16 message_length;
  u16 message_instruction;
};
static_assert(sizeof(struct signature_offsets) == 14);

static inline u16 u16_at(const u8 *at) {
  return (u16)(at[0] | at[1] << 8);
}

/** Data of the Ed25519 instruction that stands directly before the running one. */
static result previous_ed25519(const struct account *sysvar, const u8 **data, u64 *length) {
  const u8 *table = sysvar->data;
  const u16 current = u16_at(table + sysvar->data_length - 2);
  if (current == 0)
    return MISSING_ED25519_INSTRUCTION;
  const u8 *at = table + u16_at(table + 2 * current);
  at += 2 + u16_at(at) * (1 + sizeof(struct key));
  if (!same_bytes(at, &ED25519_PROGRAM, sizeof(struct key)))
    return MISSING_ED25519_INSTRUCTION;
  at += sizeof(struct key);
  *length = u16_at(at);
  *data = at + 2;
  return *length < ED25519_HEADER_BYTES ? MISSING_ED25519_INSTRUCTION : 0;
}

/**
 * The key of one checked signature, if it is over `message` and every part lies in that same instruction: offsets into
 * another one would let its bytes pass for what was signed.
 * @returns null otherwise
 */
static const u8 *signer_of(const u8 *data, u64 length, u64 index, const void *message, u64 message_length) {
  const u64 table_at = ED25519_HEADER_BYTES + index * sizeof(struct signature_offsets);
  if (table_at + sizeof(struct signature_offsets) > length)
    return nullptr;
  struct signature_offsets offsets;
  sol_memcpy_(&offsets, data + table_at, sizeof offsets);
  const bool is_own = offsets.signature_instruction == THIS_INSTRUCTION &&
                      offsets.key_instruction == THIS_INSTRUCTION && offsets.message_instruction == THIS_INSTRUCTION;
  const bool fits = offsets.signature_at + ED25519_SIGNATURE_BYTES <= length &&
                    offsets.key_at + sizeof(struct key) <= length && offsets.message_at + message_length <= length;
  if (!is_own || !fits || offsets.message_length != message_length)
    return nullptr;
  return same_bytes(data + offsets.message_at, message, message_length) ? data + offsets.key_at : nullptr;
}
