/**
 * Private requests over 0 to 4 relays and an exit, every node a process on this machine: handshake of a circuit, first byte of a small
 * answer over a circuit that stands, and megabytes a second. The baseline is the same transfer without any network between.
 */
import { createCraftec, type HopCount } from '../../sdk/index.ts'
import type { BenchRow, BenchSuite, Measurement } from './harness.ts'
import type { NetParameters } from './net.serve.ts'

const DOWNLOAD_BYTES = 20_000_000
const HOPS: readonly HopCount[] = [0, 1, 2, 3, 4]
/** What three relays must reach with all processes on two cores. */
const BARS = {
  build: { of: 'figure', atMost: 100 },
  download: { of: 'figure', atLeast: 4 }
} as const

export const suite: BenchSuite<NetParameters> = {
  name: 'net',
  rounds: 5,
  warmUpRounds: 1,
  timeoutMs: 60_000,
  open: async ({ bootstrap, site, direct }) => {
    const craft = await createCraftec({ bootstrap, storage: 'memory' })
    const request = (hops: HopCount, path: string, signal: AbortSignal): Promise<Response> =>
      craft.net.fetch(`${site}${path}`, { hops, allowInsecure: true, signal })

    const build = (hops: HopCount): Measurement => ({
      id: `circuit build, ${hops} hops`,
      unit: 'ms',
      run: async signal => {
        const samples: number[] = []
        for (let sample = 0; sample < 5; sample++) {
          craft.net.newPath()
          const response = await request(hops, '/bytes?n=1', signal)
          await response.bytes()
          samples.push(craft.net.explain(response).circuitBuildMs)
        }
        return samples
      }
    })
    const firstByte = (hops: HopCount): Measurement => ({
      id: `first byte, ${hops} hops`,
      unit: 'ms',
      run: async signal => {
        await (await request(hops, '/bytes?n=1', signal)).bytes()
        const samples: number[] = []
        for (let sample = 0; sample < 5; sample++) {
          const started = performance.now()
          const response = await request(hops, '/bytes?n=1000', signal)
          samples.push(performance.now() - started)
          await response.bytes()
        }
        return samples
      }
    })
    const directFirstByte: Measurement = {
      id: 'first byte, direct',
      unit: 'ms',
      run: async signal => {
        const started = performance.now()
        const response = await fetch(`${direct}?n=1000`, { signal })
        const elapsed = performance.now() - started
        await response.arrayBuffer()
        return elapsed
      }
    }
    const download = (hops: HopCount): Measurement => ({
      id: `download, ${hops} hops`,
      unit: 'MB/s',
      run: async signal => megabytesPerSecond(() => request(hops, `/bytes?n=${DOWNLOAD_BYTES}`, signal))
    })
    const directDownload: Measurement = {
      id: 'download, direct',
      unit: 'MB/s',
      run: signal => megabytesPerSecond(() => fetch(`${direct}?n=${DOWNLOAD_BYTES}`, { signal }))
    }
    const rows: BenchRow[] = [
      ...HOPS.map(hops => ({ measurement: build(hops), ...(hops === 3 ? { bar: BARS.build } : {}) })),
      ...HOPS.map(hops => ({ measurement: firstByte(hops), baseline: directFirstByte })),
      ...HOPS.map(hops => ({
        measurement: download(hops),
        baseline: directDownload,
        ...(hops === 3 ? { bar: BARS.download } : {})
      }))
    ]
    return { rows, close: () => craft.stop() }
  }
}

async function megabytesPerSecond(open: () => Promise<Response>): Promise<number> {
  const started = performance.now()
  const reader = (await open()).body?.getReader()
  let received = 0
  for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) received += part.value.length
  if (received !== DOWNLOAD_BYTES) throw new Error(`expected ${DOWNLOAD_BYTES} bytes, got ${received}`)
  return received / 1e3 / (performance.now() - started)
}
