import { decodeBase64, decodeBorsh } from '../../codec/index.ts'
import type { Address } from '../address/index.ts'
import { DISCRIMINATOR_BYTES, discriminator, startsWith } from '../discriminator.ts'
import { eventCodecs, type SettlementEvent } from './event-codecs.ts'

/** Longer than any event of the program; the runtime cuts logs at 10,000 bytes in all. */
const MAX_EVENT_CHARACTERS = 1024
const INVOKE = /^Program ([1-9A-HJ-NP-Za-km-z]{32,44}) invoke \[\d+\]$/
const RETURN = /^Program ([1-9A-HJ-NP-Za-km-z]{32,44}) (success|failed: .*)$/s
const DATA = 'Program data: '

/**
 * What the program says it did, from the logs of a transaction. Only lines that were written while `program` itself ran count: another
 * program of the same transaction can log the same bytes.
 * @returns oldest first; lines that are no event of ours are skipped
 */
export function decodeEvents(program: Address, logs: readonly string[]): SettlementEvent[] {
  const events: SettlementEvent[] = []
  const running: string[] = []
  for (const line of logs) {
    const invoked = INVOKE.exec(line)?.[1]
    if (invoked !== undefined) running.push(invoked)
    else if (RETURN.exec(line)?.[1] === running.at(-1)) running.pop()
    else if (line.startsWith(DATA) && running.at(-1) === program) events.push(...decodeEvent(line.slice(DATA.length)))
  }
  return events
}

/** One event, or none: whoever reads logs cannot refuse them. */
function decodeEvent(text: string): SettlementEvent[] {
  try {
    const bytes = decodeBase64(text, MAX_EVENT_CHARACTERS)
    for (const [name, codec] of Object.entries(eventCodecs)) {
      if (!startsWith(bytes, discriminator('event', name))) continue
      const fields = decodeBorsh<unknown>(codec, bytes.subarray(DISCRIMINATOR_BYTES), name)
      return [{ name, fields } as SettlementEvent]
    }
  } catch {
    // A log of a newer program, or not an event at all.
  }
  return []
}
