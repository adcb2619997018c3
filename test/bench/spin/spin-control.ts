import { type CodecWorker, spawnWorker } from '../../../workers/codec/worker-endpoint.ts'
import type { Measurement } from '../harness.ts'

export interface SpinControl {
  readonly one: Measurement
  /** Ideally twice as much as `one`. */
  readonly two: Measurement
  close(): void
}

/** The scaling that this machine allows right now, to read other scalings by. */
export function spinControl(): SpinControl {
  const workers = [0, 1].map(() => spawnWorker(new URL('./spin-worker.ts', import.meta.url)))
  const measure = (id: string, used: readonly CodecWorker[]): Measurement => ({
    id,
    unit: 'spins/s',
    run: async () => {
      const started = performance.now()
      await Promise.all(used.map(spin))
      return (used.length * 1000) / (performance.now() - started)
    }
  })
  return {
    one: measure('spin, 1 worker', workers.slice(0, 1)),
    two: measure('spin, 2 workers', workers),
    close: () => {
      for (const worker of workers) worker.terminate()
    }
  }
}

function spin({ endpoint }: CodecWorker): Promise<void> {
  return new Promise(resolve => {
    const onAnswer = (): void => {
      endpoint.removeEventListener('message', onAnswer)
      resolve()
    }
    endpoint.addEventListener('message', onAnswer)
    endpoint.postMessage('go')
  })
}
