/** What the interface description says of an account, as bits. */
#pragma once
#include "solana.h"

constexpr u8 SIGNER = 1;
constexpr u8 WRITABLE = 2;
constexpr u8 OPTIONAL = 4;
constexpr u8 SYSTEM_PROGRAM_ACCOUNT = 8;
constexpr u8 TOKEN_PROGRAM_ACCOUNT = 16;
constexpr u8 INSTRUCTIONS_ACCOUNT = 32;
