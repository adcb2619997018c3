import { encodeBorsh, u8, u32, u64 } from '../../codec/index.ts'
import { COMPUTE_BUDGET_PROGRAM } from '../address/index.ts'
import type { Instruction } from './instruction.ts'

const SET_LIMIT = 2
const SET_PRICE = 3

/**
 * What a transaction may cost to run, and what is paid for it beyond the signature fee. With both in it, a wallet has no reason
 * to add its own.
 * @param limit compute units
 * @param price micro-lamports a compute unit
 */
export function computeBudget(limit: number, price: bigint): Instruction[] {
  const instruction = (kind: number, value: Uint8Array): Instruction => ({
    program: COMPUTE_BUDGET_PROGRAM,
    accounts: [],
    data: Uint8Array.from([...encodeBorsh(u8, kind), ...value])
  })
  return [instruction(SET_LIMIT, encodeBorsh(u32, limit)), instruction(SET_PRICE, encodeBorsh(u64, price))]
}
