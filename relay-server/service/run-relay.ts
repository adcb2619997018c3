import { CraftecError } from '../../sdk/errors/index.ts'
import type { RelayConfig } from '../config/index.ts'
import { EXIT_CODE } from '../exit-codes.ts'
import { createRelayLogger, type RelayLogger } from '../log/index.ts'
import { type ParentLink, parentLink } from '../parent-link/index.ts'
import { type RelayService, startRelay } from './start-relay.ts'

const DIRECTORY_REPORT_MS = 100

/**
 * Run a relay until SIGTERM or SIGINT: stop taking circuits, let streams finish for `drainSeconds`, end. A second signal ends at once.
 * @returns the exit code, see {@link EXIT_CODE}
 */
export async function runRelay(config: RelayConfig, { version }: { readonly version: string }): Promise<number> {
  const logger = createRelayLogger(config.log.level)
  const signals = watchSignals(logger)
  const parent = parentLink(() => process.exit(EXIT_CODE.ok))
  endOnUncaught(logger)
  let service: RelayService
  try {
    service = await startRelay(config, { version, logger })
  } catch (error) {
    return reportStartFailure(error, logger, parent)
  }
  const stopReports = reportToParent(service, parent)
  try {
    await signals.first
    logger.info('draining', { seconds: config.drainSeconds, streams: service.streamCount() })
    const finished = await service.drain(config.drainSeconds * 1000)
    logger.info('stopped', { finished })
    return finished ? EXIT_CODE.ok : EXIT_CODE.cut
  } finally {
    stopReports()
    await service.stop()
    logger.flush()
  }
}

/** The first signal resolves `first`; the second ends the process there and then. */
function watchSignals(logger: RelayLogger): { readonly first: Promise<void> } {
  let signalled = false
  const first = new Promise<void>(resolve => {
    const onSignal = (signal: NodeJS.Signals): void => {
      if (signalled) {
        logger.warn('stopped-at-once', { signal })
        logger.flush()
        process.exit(EXIT_CODE.cut)
      }
      signalled = true
      resolve()
    }
    process.on('SIGTERM', onSignal)
    process.on('SIGINT', onSignal)
  })
  return { first }
}

/** After an error that nobody caught the state is unknown: say so and end; the service manager starts a clean process. */
function endOnUncaught(logger: RelayLogger): void {
  const end = (error: unknown): void => {
    logger.fatal('uncaught', error)
    logger.flush()
    process.exit(EXIT_CODE.crashed)
  }
  process.on('uncaughtException', end)
  process.on('unhandledRejection', end)
}

function reportStartFailure(error: unknown, logger: RelayLogger, parent: ParentLink | undefined): number {
  const failure = CraftecError.from(error)
  logger.fatal('start-failed', failure)
  logger.flush()
  // For the person at the terminal, in full: nothing has been served yet, so the message can only name the operator's own settings.
  process.stderr.write(`craftec-relay: ${failure.message}\n`)
  parent?.report({ type: 'failed', code: failure.code, message: failure.message })
  return failure.code === 'config-invalid' ? EXIT_CODE.configInvalid : EXIT_CODE.startFailed
}

function reportToParent(service: RelayService, parent: ParentLink | undefined): () => void {
  if (parent === undefined) return () => {}
  parent.report({
    type: 'listening',
    peerId: service.peerId,
    addresses: service.addresses(),
    transports: service.listening,
    ...(service.statusPort === undefined ? {} : { statusPort: service.statusPort })
  })
  let reported = -1
  const report = (): void => {
    const nodes = service.directoryNodes()
    if (nodes !== reported) parent.report({ type: 'directory', nodes })
    reported = nodes
  }
  report()
  const timer = setInterval(report, DIRECTORY_REPORT_MS)
  return () => clearInterval(timer)
}
