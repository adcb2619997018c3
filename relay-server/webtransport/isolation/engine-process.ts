/** Entry of the process that runs the native QUIC code; started by `isolated-server.ts`, and ends with it. */
import { loadQuiche } from '../quiche/load-quiche.ts'
import { startQuicheServer } from '../quiche/quiche-server.ts'
import { EngineHost } from './engine-host.ts'
import type { FromEngine, ToEngine } from './engine-messages.ts'

const MEMORY_CHECK_MS = 1000
const EXIT_OUT_OF_MEMORY = 71

const send = (message: FromEngine): void => {
  if (process.connected) process.send?.(message)
}
const host = new EngineHost(async options => startQuicheServer(await loadQuiche(), options), send)

process.on('message', (message: ToEngine) => {
  if (message.kind === 'start') {
    setInterval(() => {
      if (process.memoryUsage.rss() > message.maxMemoryBytes) process.exit(EXIT_OUT_OF_MEMORY)
    }, MEMORY_CHECK_MS).unref()
  }
  void host.onMessage(message)
})
process.on('disconnect', () => process.exit())
// A terminal and a service manager signal the whole group; the relay still needs this process to say goodbye, and ends it.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})
