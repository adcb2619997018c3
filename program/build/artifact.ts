/** The committed program file and its hash. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

export const PROGRAM_FILE = join(import.meta.dirname, '../craftec_settlement.so')
export const HASH_FILE = `${PROGRAM_FILE}.sha256`

/** The committed program. */
export function readProgram(): Uint8Array {
  return readFileSync(PROGRAM_FILE)
}

/** A line that `sha256sum --check` reads. */
export function hashLine(program: Uint8Array): string {
  return `${createHash('sha256').update(program).digest('hex')}  craftec_settlement.so\n`
}
