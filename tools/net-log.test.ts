import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { countEventsNaming, readNetLog } from './net-log.ts'

const folder = mkdtempSync(join(tmpdir(), 'net-log-'))
afterAll(() => rmSync(folder, { recursive: true }))

const events = [
  { type: 1, params: { address: '127.0.0.1:8080' } },
  { type: 2, params: { url: 'http://127.0.0.1:8080/path' } },
  { type: 3, params: { address: '127.0.0.1:18080' } },
  { type: 3, params: { address: '127.0.0.1:80801' } },
  { type: 3, params: { address: '27.0.0.1:8080' } },
  { type: 4 }
]

describe('countEventsNaming', () => {
  it('counts exactly the events that name the address', () => {
    expect(countEventsNaming(events, '127.0.0.1', 8080)).toBe(2)
    expect(countEventsNaming(events, '27.0.0.1', 8080)).toBe(1)
    expect(countEventsNaming(events, '127.0.0.1', 9090)).toBe(0)
  })
})

describe('readNetLog', () => {
  const read = (text: string): number => {
    writeFileSync(join(folder, 'log.json'), text)
    return readNetLog(join(folder, 'log.json')).length
  }

  it('reads a finished log, and one that a killed browser left open', () => {
    const whole = JSON.stringify({ constants: {}, events })
    expect(read(whole)).toBe(6)
    expect(read(whole.slice(0, -2))).toBe(6)
    expect(read(`${whole.slice(0, -2)},\n`)).toBe(6)
  })

  it('throws on anything else: an unreadable log must not count as silence', () => {
    expect(() => read('')).toThrow('not a net log')
    expect(() => read('{"events": [{')).toThrow('not a net log')
  })
})
