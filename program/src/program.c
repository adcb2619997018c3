/**
 * The settlement program. One translation unit: the linker takes one object, and the compiler sees every call.
 * Not audited. docs/protocol/settlement.md says what each instruction promises.
 */
#include "dispatch.h"

#include "config.c"

#include "subscription.c"

#include "creator-pool.c"

#include "channel.c"

#include "claim.c"

/** The runtime's heap; the call is too large for a stack frame. */
static struct call *const CALL = (struct call *)0x300000000;

u64 entrypoint(u8 *input) {
  TRY(read_call(input, CALL));
  if (CALL->data_length < 8)
    return INVALID_INSTRUCTION;
  return dispatch(CALL, *(const u64 *)CALL->data);
}
