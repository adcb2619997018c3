import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import type { ChainProgram } from '../chain-program.ts'

/** Under this name the chain knows which program it is to set up. */
export const SETTLEMENT = 'settlement'

const ELF = new URL('../../program/craftec_settlement.so', import.meta.url)
const INTERFACE = new URL('../../program/idl/craftec_settlement.json', import.meta.url)
const idl = z.object({ address: z.string() })

/** The settlement program as it is committed, under the address that its interface description names. */
export async function settlementProgram(): Promise<ChainProgram> {
  const [elf, text] = await Promise.all([readFile(ELF), readFile(INTERFACE, 'utf8')])
  const { address } = idl.parse(JSON.parse(text))
  return { name: SETTLEMENT, address, elf: new Uint8Array(elf) }
}
