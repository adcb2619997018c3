/** Measurements of the suite `obj-store`, one at a time: what it compares with belongs into this comparison too. */
import { suite } from '../obj-store.ts'

interface Ask {
  readonly id: string
}

const bench = suite.open(undefined)

async function measure(id: string): Promise<number | readonly number[]> {
  const { rows } = await bench
  const all = rows.flatMap(({ measurement, baseline }) => (baseline ? [measurement, baseline] : [measurement]))
  const found = all.find(measurement => measurement.id === id)
  if (found === undefined) throw new Error(`the suite obj-store does not measure "${id}"`)
  return found.run(AbortSignal.timeout(suite.timeoutMs))
}

addEventListener('message', ({ data }: MessageEvent<Ask>) => {
  measure(data.id).then(
    figure => postMessage({ figure }),
    error => postMessage({ error: String(error) })
  )
})
