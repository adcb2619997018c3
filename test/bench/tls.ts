/**
 * TLS in the client: 50 MB and the handshake, beside libcurl.js and beside the same bytes without TLS. All go through the same
 * pipe of WebSockets to TCP, opened anew every time; the servers are another process.
 */
import { connectTls, type TlsStream } from '../../sdk/tls/index.ts'
import type { Bar, BenchRow, BenchSuite, Measurement } from './harness.ts'
import { type Libcurl, loadLibcurl } from './libcurl.baseline.ts'
import type { TlsParameters } from './tls.serve.ts'

const DOWNLOAD_BYTES = 50_000_000
const PAUSED_BYTES = 400_000_000
const PAUSE_MS = 5_000
const HANDSHAKES = 15
const APPLICATION_DATA = 23
const BARS = {
  againstLibcurl: { of: 'ratio', atLeast: 1.5 },
  againstPlain: { of: 'ratio', atLeast: 0.1 },
  handshakeMs: { of: 'figure', atMost: 8 },
  sameFlight: { of: 'figure', atMost: 0 },
  heldKiB: { of: 'figure', atMost: 256 }
} as const satisfies Record<string, Bar>

type Pipe = Parameters<typeof connectTls>[0]

export const suite: BenchSuite<TlsParameters> = {
  name: 'tls',
  rounds: 5,
  warmUpRounds: 1,
  timeoutMs: 60_000,
  open: async parameters => {
    const { tlsPort, plainPort, rootPem, pipe } = parameters
    const place = 'document' in globalThis ? parameters.libcurl.page : parameters.libcurl.node
    const libcurl = await loadLibcurl({ ...place, pipe, rootPem })
    const tls = (transport: Pipe): Promise<TlsStream> =>
      connectTls(transport, { serverName: 'localhost', roots: [rootPem] })

    const ours = measure('50 MB, TLS', 'MB/s', async () =>
      throughput(async () => transfer(await tls(await openPipe(parameters, tlsPort)), DOWNLOAD_BYTES))
    )
    const plain = measure('50 MB, no TLS', 'MB/s', () =>
      throughput(async () => transfer(await openPipe(parameters, plainPort), DOWNLOAD_BYTES))
    )
    const theirs = measure('50 MB, libcurl.js', 'MB/s', signal =>
      throughput(() => transferByLibcurl(libcurl, `https://localhost:${tlsPort}/?n=${DOWNLOAD_BYTES}`, signal))
    )
    const connecting = measure('pipe and handshake, TLS', 'ms', () =>
      repeated(async () => {
        const started = performance.now()
        const stream = await tls(await openPipe(parameters, tlsPort))
        const elapsed = performance.now() - started
        end(stream)
        return elapsed
      })
    )
    const connectingTheirs = measure('pipe and handshake, libcurl.js', 'ms', () =>
      repeated(() => connectByLibcurl(libcurl, tlsPort))
    )
    const opening = measure('pipe without TLS', 'ms', () =>
      repeated(async () => {
        const started = performance.now()
        const stream = await openPipe(parameters, plainPort)
        const elapsed = performance.now() - started
        end(stream)
        return elapsed
      })
    )
    const computing = measure(`handshake, ${clock.what}`, 'ms', () =>
      repeated(async () => {
        const transport = await openPipe(parameters, tlsPort)
        const started = clock.now()
        const stream = await tls(transport)
        const spent = clock.now() - started
        end(stream)
        return spent
      })
    )
    const sameFlight = measure('answers awaited after Finished', 'reads', async () =>
      readsBeforeData(await openPipe(parameters, tlsPort), tls)
    )
    let kibibytes: number | undefined
    const held = measure(`held while paused for ${PAUSE_MS / 1000} s`, 'KiB', async () => {
      kibibytes ??= (await heldWhilePaused(await openPipe(parameters, tlsPort), tls)) / 1024 // once: a pause is a pause
      return kibibytes
    })
    const rows: BenchRow[] = [
      { measurement: ours, baseline: theirs, bar: BARS.againstLibcurl },
      { measurement: ours, baseline: plain, bar: BARS.againstPlain },
      { measurement: connecting, baseline: connectingTheirs },
      { measurement: connecting, baseline: opening },
      { measurement: computing, bar: BARS.handshakeMs },
      { measurement: sameFlight, bar: BARS.sameFlight },
      { measurement: held, bar: BARS.heldKiB }
    ]
    return { rows }
  }
}

function measure(id: string, unit: string, run: Measurement['run']): Measurement {
  return { id, unit, run }
}

async function throughput(run: () => Promise<void>): Promise<number> {
  const started = performance.now()
  await run()
  return DOWNLOAD_BYTES / 1e3 / (performance.now() - started)
}

async function repeated(once: () => Promise<number>): Promise<number[]> {
  const samples: number[] = []
  for (let count = 0; count < HANDSHAKES; count++) samples.push(await once())
  return samples
}

interface NodeProcess {
  cpuUsage(): { readonly user: number; readonly system: number }
}

/** A page has no clock for the CPU; the time that passes, server included, is more. In Node all threads count. */
const clock = (() => {
  const { process } = globalThis as { process?: NodeProcess }
  if (process === undefined) return { what: 'time', now: () => performance.now() }
  const cpuMs = (): number => {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1000
  }
  return { what: 'CPU time', now: cpuMs }
})()

function end({ readable, writable }: Pipe): void {
  void Promise.allSettled([readable.cancel(), writable.abort()])
}

async function openPipe({ pipe }: TlsParameters, port: number): Promise<Pipe> {
  const socket = new WebSocket(`${pipe}localhost:${port}`)
  socket.binaryType = 'arraybuffer'
  await new Promise<void>((resolve, reject) => {
    socket.onopen = () => resolve()
    socket.onerror = () => reject(new Error('the pipe does not open'))
  })
  return {
    readable: new ReadableStream<Uint8Array>({
      start(controller) {
        socket.onmessage = ({ data }) => controller.enqueue(new Uint8Array(data as ArrayBuffer))
        socket.onclose = () => {
          try {
            controller.close()
          } catch {} // cancelled before
        }
      },
      cancel: () => socket.close()
    }),
    writable: new WritableStream<Uint8Array>({
      write: bytes => socket.send(bytes as Uint8Array<ArrayBuffer>),
      close: () => socket.close(),
      abort: () => socket.close()
    })
  }
}

async function request(pipe: Pipe, sizeBytes: number): Promise<ReadableStreamDefaultReader<Uint8Array>> {
  await pipe.writable
    .getWriter()
    .write(new TextEncoder().encode(`GET /?n=${sizeBytes} HTTP/1.1\r\nhost: localhost\r\n\r\n`))
  return pipe.readable.getReader()
}

async function transfer(pipe: Pipe, sizeBytes: number): Promise<void> {
  const reader = await request(pipe, sizeBytes)
  let received = 0
  for (let part = await reader.read(); !part.done; part = await reader.read()) received += part.value.length
  // The head of the answer comes on top.
  if (received < sizeBytes || received > sizeBytes + 1000) throw new Error(`${received} bytes instead of ${sizeBytes}`)
}

async function transferByLibcurl(libcurl: Libcurl, url: string, signal: AbortSignal): Promise<void> {
  const { body } = await libcurl.fetch(url, { signal })
  let received = 0
  const reader = body?.getReader()
  for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) received += part.value.length
  if (received !== DOWNLOAD_BYTES) throw new Error(`expected ${DOWNLOAD_BYTES} bytes, got ${received}`)
}

function connectByLibcurl(libcurl: Libcurl, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const started = performance.now()
    const socket = new libcurl.TLSSocket('localhost', port)
    socket.onopen = () => {
      resolve(performance.now() - started)
      socket.close()
    }
    socket.onerror = code => reject(new Error(`libcurl.js: ${code}`))
  })
}

/** The same bytes, read only when asked for. @param onRead gets the length of what was read */
function observed(source: ReadableStream<Uint8Array>, onRead: (length: number) => void): ReadableStream<Uint8Array> {
  const reader = source.getReader()
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await reader.read()
        if (done) return controller.close()
        onRead(value.length)
        controller.enqueue(value)
      },
      cancel: reason => reader.cancel(reason)
    },
    { highWaterMark: 0 }
  )
}

type Tls = (pipe: Pipe) => Promise<TlsStream>

/** How often the transport is read between our first protected record, Finished, and the second, which holds data. */
async function readsBeforeData(pipe: Pipe, tls: Tls): Promise<number> {
  let reads = 0
  const readsAt: number[] = []
  const readable = observed(pipe.readable, () => reads++)
  const sink = pipe.writable.getWriter()
  const writable = new WritableStream<Uint8Array>({
    write: async bytes => {
      if (bytes[0] === APPLICATION_DATA) readsAt.push(reads)
      await sink.write(bytes)
    },
    abort: reason => sink.abort(reason)
  })
  const stream = await tls({ readable, writable })
  await stream.writable.getWriter().write(new TextEncoder().encode('GET / HTTP/1.0\r\n\r\n'))
  const [finished, data] = readsAt
  if (finished === undefined || data === undefined) throw new Error('two protected records were expected')
  await stream.readable.cancel()
  return data - finished
}

/** Bytes that the client has taken from the transport and not handed on while its reader pauses. */
async function heldWhilePaused({ readable, writable }: Pipe, tls: Tls): Promise<number> {
  let taken = 0
  const counted = observed(readable, length => {
    taken += length
  })
  const reader = await request(await tls({ readable: counted, writable }), PAUSED_BYTES)
  let handedOn = 0
  while (handedOn < 1_000_000) handedOn += (await reader.read()).value?.length ?? 0
  await new Promise(resolve => setTimeout(resolve, PAUSE_MS))
  const held = taken - handedOn
  await reader.cancel()
  return held
}
