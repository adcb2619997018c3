/**
 * The log of a relay: JSON lines on stdout, made so that a seized or leaked log says nothing about users.
 * Above `debug` a line holds an event's name, error codes and numbers. There is no place in {@link LogFields} for a peer, a target or an
 * address, and errors are logged by code, because the messages of Node and libp2p quote addresses.
 */
import { type DestinationStream, pino } from 'pino'
import { CraftecError } from '../../sdk/errors/index.ts'

export type LogLevel = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'silent'

/** Facts about this process: counts, durations, names of its own transports and settings. */
export type LogFields = Readonly<Record<string, number | boolean | string | readonly string[]>>

export interface RelayLogger {
  info(event: string, fields?: LogFields): void
  warn(event: string, fields?: LogFields): void
  error(event: string, error: unknown): void
  fatal(event: string, error: unknown): void
  /** Sensitive: may name peers and addresses; off unless the operator asks for it. */
  debug(event: string, fields: Readonly<Record<string, unknown>>): void
  flush(): void
}

/** @param destination where lines go; default: stdout, written at once, so that the last line before a crash is not lost */
export function createRelayLogger(
  level: LogLevel,
  destination: DestinationStream = pino.destination({ fd: 1, sync: true })
): RelayLogger {
  const logger = pino(
    {
      level,
      base: null, // no host name
      messageKey: 'event',
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: label => ({ level: label }) }
    },
    destination
  )
  const withError = (write: (fields: object, event: string) => void, event: string, error: unknown): void => {
    write(errorFields(error), event)
    logger.debug({ message: error instanceof Error ? error.message : String(error) }, event)
  }
  return {
    info: (event, fields = {}) => logger.info(fields, event),
    warn: (event, fields = {}) => logger.warn(fields, event),
    error: (event, error) => withError(logger.error.bind(logger), event, error),
    fatal: (event, error) => withError(logger.fatal.bind(logger), event, error),
    debug: (event, fields) => logger.debug(fields, event),
    flush: () => logger.flush()
  }
}

/** Code and stack frames, never the message. */
function errorFields(error: unknown): LogFields {
  if (!(error instanceof Error)) return { kind: typeof error }
  const code = error instanceof CraftecError ? error.code : (error as NodeJS.ErrnoException).code
  const frames = (error.stack ?? '').split('\n').filter(line => /^\s+at /.test(line))
  const cause =
    error.cause instanceof Error ? ((error.cause as NodeJS.ErrnoException).code ?? error.cause.name) : undefined
  return {
    kind: error.name,
    ...(typeof code === 'string' ? { code } : {}),
    ...(cause === undefined ? {} : { cause }),
    stack: frames.slice(0, 12).map(frame => frame.trim())
  }
}
