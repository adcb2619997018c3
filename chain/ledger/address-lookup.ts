/** Address lookup tables: accounts that a version 0 transaction names by their place in a table (Solana, `AddressLookupTable`). */
import type { Address } from '@solana/kit'
import { encodeBase58 } from '../../sdk/codec/index.ts'
import type { LedgerAccount } from './ledger-account.ts'
import type { WireLookup } from './wire-transaction.ts'

const TABLE_PROGRAM = 'AddressLookupTab1e1111111111111111111111111'
/** `LOOKUP_TABLE_META_SIZE`: the addresses follow it. */
const META_BYTES = 56
const KEY_BYTES = 32

export interface LoadedAddresses {
  readonly writable: readonly Address[]
  readonly readonly: readonly Address[]
}

/** What the lookups name; undefined when a table or a place in it does not exist. The runtime refuses such a transaction. */
export function loadAddresses(
  lookups: readonly WireLookup[],
  accountAt: (address: Address) => LedgerAccount | undefined
): LoadedAddresses | undefined {
  const writable: Address[] = []
  const readonly: Address[] = []
  for (const lookup of lookups) {
    const table = accountAt(lookup.table)
    if (table?.owner !== TABLE_PROGRAM) return undefined
    for (const [indexes, into] of [
      [lookup.writable, writable],
      [lookup.readonly, readonly]
    ] as const) {
      for (const index of indexes) {
        const start = META_BYTES + index * KEY_BYTES
        if (start + KEY_BYTES > table.data.length) return undefined
        into.push(encodeBase58(table.data.subarray(start, start + KEY_BYTES)) as Address)
      }
    }
  }
  return { writable, readonly }
}
