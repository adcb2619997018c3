import { type CodecWorker, spawnWorker } from '../../../workers/codec/worker-endpoint.ts'
import type { Measurement } from '../harness.ts'

/** How much faster two workers are than one at pure arithmetic: the scaling that this machine allows right now, to read others by. */
export interface SpinControl extends Measurement {
  close(): void
}

export function spinControl(): SpinControl {
  const workers = [0, 1].map(() => spawnWorker(new URL('./spin-worker.ts', import.meta.url)))
  /** Milliseconds for one spin of each, the least of three. */
  const measure = async (used: readonly CodecWorker[]): Promise<number> => {
    let best = Number.POSITIVE_INFINITY
    for (let run = 0; run < 3; run++) {
      const started = performance.now()
      await Promise.all(used.map(spin))
      best = Math.min(best, performance.now() - started)
    }
    return best
  }
  return {
    id: 'spin, 2 workers over 1',
    unit: 'x',
    run: async () => (2 * (await measure(workers.slice(0, 1)))) / (await measure(workers)),
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
