/** Chromium's own record of what it did on the network (`--log-net-log`). */
import { readFileSync } from 'node:fs'

interface NetLogEvent {
  readonly params?: unknown
}

/** The events of a log; a browser that was killed leaves the closing brackets out. */
export function readNetLog(file: string): readonly NetLogEvent[] {
  const text = readFileSync(file, 'utf8').trimEnd()
  return parse(text) ?? parse(`${text.replace(/,$/, '')}]}`) ?? fail(file)
}

/**
 * How many events name `host:port`: connection attempts, requests, sockets and datagrams all do. Zero means that the browser
 * never tried to reach it. What goes through a circuit is encrypted, so names inside it do not count.
 */
export function countEventsNaming(events: readonly NetLogEvent[], host: string, port: number): number {
  const name = new RegExp(`(^|[^0-9.])${host.replaceAll('.', '\\.')}:${port}([^0-9]|$)`)
  return events.filter(({ params }) => params !== undefined && name.test(JSON.stringify(params))).length
}

function parse(text: string): readonly NetLogEvent[] | undefined {
  try {
    return JSON.parse(text).events
  } catch {
    return undefined
  }
}

function fail(file: string): never {
  throw new Error(`${file} is not a net log`)
}
