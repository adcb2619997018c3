/** Reads borsh arguments. A read past the end fails once for all and gives zeros. */
#pragma once
#include "call.h"

constexpr u64 DISCRIMINATOR_BYTES = 8;

struct reader {
  const u8 *at;
  u64 left;
  bool failed;
};

static struct reader read_arguments(const struct call *c) {
  return (struct reader){c->data + DISCRIMINATOR_BYTES, c->data_length - DISCRIMINATOR_BYTES, false};
}

/** Trailing bytes are as wrong as missing ones. */
static result end_arguments(const struct reader *r) {
  return r->failed || r->left != 0 ? INVALID_ARGUMENTS : 0;
}

static void read_bytes(struct reader *r, void *to, u64 count) {
  if (r->failed || r->left < count) {
    r->failed = true;
    return;
  }
  sol_memcpy_(to, r->at, count);
  r->at += count;
  r->left -= count;
}

static u8 read_u8(struct reader *r) {
  u8 value = 0;
  read_bytes(r, &value, sizeof value);
  return value;
}

static u16 read_u16(struct reader *r) {
  u16 value = 0;
  read_bytes(r, &value, sizeof value);
  return value;
}

static u32 read_u32(struct reader *r) {
  u32 value = 0;
  read_bytes(r, &value, sizeof value);
  return value;
}

static i64 read_i64(struct reader *r) {
  i64 value = 0;
  read_bytes(r, &value, sizeof value);
  return value;
}

static void read_key(struct reader *r, struct key *key) {
  read_bytes(r, key, sizeof *key);
}

static bool read_option(struct reader *r) {
  const u8 tag = read_u8(r);
  if (tag > 1)
    r->failed = true;
  return tag == 1;
}

