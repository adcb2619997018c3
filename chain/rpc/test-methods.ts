import { z } from 'zod'
import { DELIVERIES } from '../delivery.ts'
import { strictBase64 } from './account-filters.ts'
import { addressParam, amountParam } from './params.ts'
import { RpcError } from './rpc-error.ts'
import { inContext, method, type RpcMethods } from './rpc-method.ts'

/** Ten years: longer than any deadline that a program has. */
const MAX_SECONDS = 315_360_000
const MAX_SLOTS = 788_400_000
/** Base64 of what fits in a request. */
const MAX_DATA_CHARACTERS = 1_000_000

const base64 = z.string().transform((text, context) => {
  const bytes = strictBase64(text, MAX_DATA_CHARACTERS)
  if (bytes !== undefined) return bytes
  context.addIssue({ code: 'custom', message: 'expected base64' })
  return z.NEVER
})

/** What no chain allows: served only where the operator said so. */
export const testMethods: RpcMethods = {
  craftec_advanceTime: method(z.tuple([z.int().min(1).max(MAX_SECONDS)]), ([seconds], { timeline, ledger }) => {
    timeline.advanceSeconds(BigInt(seconds))
    return inContext(ledger, { unixTimestamp: ledger.latestBlock.time })
  }),

  craftec_advanceSlots: method(z.tuple([z.int().min(1).max(MAX_SLOTS)]), ([slots], { timeline, ledger }) => {
    timeline.advanceSlots(BigInt(slots))
    return inContext(ledger, { unixTimestamp: ledger.latestBlock.time })
  }),

  /** Lets tests lose transactions, or have them land late, as clusters do. */
  craftec_setDelivery: method(z.tuple([z.enum(DELIVERIES)]), ([mode], { delivery, ledger }) => {
    delivery.setMode(mode)
    return inContext(ledger, null)
  }),

  craftec_setAccount: method(
    z.tuple([addressParam, z.object({ lamports: amountParam, owner: addressParam, data: base64 })]),
    ([address, { lamports, owner, data }], { ledger }) => {
      if (ledger.account(address)?.executable)
        throw new RpcError('invalidParams', 'programs are set by craftec_setProgram')
      ledger.setAccount({ address, lamports, owner, data, executable: false })
      return inContext(ledger, null)
    }
  ),

  craftec_setProgram: method(
    z.tuple([addressParam, base64, addressParam]),
    ([program, elf, upgradeAuthority], { ledger }) => {
      ledger.setProgram(program, elf, upgradeAuthority)
      return inContext(ledger, null)
    }
  )
}
