/**
 * TLS in the client: 50 MB and the handshake, beside the same bytes without TLS and, in a page, beside libcurl.js (which does
 * not run in Node). All go through the same pipe of WebSockets to TCP, opened anew every time.
 */
import { connectTls, type TlsStream } from '../../sdk/tls/index.ts'
import type { BenchRow, BenchSuite, Measurement } from './harness.ts'
import type { TlsParameters } from './tls.serve.ts'

const DOWNLOAD_BYTES = 50_000_000
const PAUSED_BYTES = 400_000_000
const PAUSE_MS = 5_000
const HANDSHAKES = 5
const BARS = {
  againstLibcurl: { of: 'ratio', atLeast: 1.5 },
  againstPlain: { of: 'ratio', atLeast: 0.1 },
  buffered: { of: 'figure', atMost: 256 }
} as const

interface Libcurl {
  transport: string
  set_websocket(url: string): void
  /** Its roots, in PEM. */
  get_cacert(): string
  load_wasm(url: string): Promise<void>
  fetch(url: string, options: { signal: AbortSignal }): Promise<Response>
  TLSSocket: new (host: string, port: number) => { onopen: () => void; onerror: (code: number) => void; close(): void }
}

type Pipe = Parameters<typeof connectTls>[0]

export const suite: BenchSuite<TlsParameters> = {
  name: 'tls',
  rounds: 3,
  warmUpRounds: 1,
  timeoutMs: 60_000,
  open: async parameters => {
    const { tlsPort, plainPort, rootPem } = parameters
    const tls = async (): Promise<TlsStream> =>
      connectTls(await openPipe(parameters, tlsPort), { serverName: 'localhost', roots: [rootPem] })
    const download = (id: string, open: () => Promise<Pipe>): Measurement => ({
      id,
      unit: 'MB/s',
      run: async () => {
        const started = performance.now()
        await transfer(await open(), DOWNLOAD_BYTES)
        return DOWNLOAD_BYTES / 1e3 / (performance.now() - started)
      }
    })
    const ours = download('50 MB, TLS', tls)
    const plain = download('50 MB, no TLS', () => openPipe(parameters, plainPort))
    const handshake = timed('handshake, TLS', async () => {
      const { readable, writable } = await tls()
      return () => void Promise.all([readable.cancel(), writable.abort()])
    })
    const opening = timed('pipe without TLS', async () => {
      const { readable } = await openPipe(parameters, plainPort)
      return () => void readable.cancel()
    })
    let kibibytes: number | undefined
    const buffered: Measurement = {
      id: `held while paused for ${PAUSE_MS / 1000} s`,
      unit: 'KiB',
      run: async () => {
        kibibytes ??= (await heldWhilePaused(parameters)) / 1024 // once: a pause is a pause
        return kibibytes
      }
    }
    const rows: BenchRow[] = [
      { measurement: ours, baseline: plain, bar: BARS.againstPlain },
      { measurement: handshake, baseline: opening },
      { measurement: buffered, bar: BARS.buffered }
    ]
    if ('document' in globalThis) {
      const libcurl = await loadLibcurl(parameters)
      const theirs: Measurement = {
        id: '50 MB, libcurl.js',
        unit: 'MB/s',
        run: async signal => {
          const started = performance.now()
          const { body } = await libcurl.fetch(`https://localhost:${tlsPort}/?n=${DOWNLOAD_BYTES}`, { signal })
          let received = 0
          const reader = body?.getReader()
          for (let part = await reader?.read(); part && !part.done; part = await reader?.read())
            received += part.value.length
          if (received !== DOWNLOAD_BYTES) throw new Error(`expected ${DOWNLOAD_BYTES} bytes, got ${received}`)
          return received / 1e3 / (performance.now() - started)
        }
      }
      const theirHandshake = timed(
        'handshake, libcurl.js',
        () =>
          new Promise((resolve, reject) => {
            const socket = new libcurl.TLSSocket('localhost', tlsPort)
            socket.onopen = () => resolve(() => socket.close())
            socket.onerror = code => reject(new Error(`libcurl.js: ${code}`))
          })
      )
      rows.push(
        { measurement: ours, baseline: theirs, bar: BARS.againstLibcurl },
        { measurement: handshake, baseline: theirHandshake }
      )
    }
    return { rows }
  }
}

/** @param open resolves when the connection stands, with what ends it */
function timed(id: string, open: () => Promise<() => void>): Measurement {
  return {
    id,
    unit: 'ms',
    run: async () => {
      const samples: number[] = []
      for (let count = 0; count < HANDSHAKES; count++) {
        const started = performance.now()
        const end = await open()
        samples.push(performance.now() - started)
        end()
      }
      return samples
    }
  }
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

/** Bytes that the client has taken from the transport and not handed on, at most, while its reader pauses. */
async function heldWhilePaused(parameters: TlsParameters): Promise<number> {
  const { readable, writable } = await openPipe(parameters, parameters.tlsPort)
  const source = readable.getReader()
  let taken = 0
  const counted = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await source.read()
        if (done) return controller.close()
        taken += value.length
        controller.enqueue(value)
      },
      cancel: reason => source.cancel(reason)
    },
    { highWaterMark: 0 }
  )
  const tls = await connectTls(
    { readable: counted, writable },
    { serverName: 'localhost', roots: [parameters.rootPem] }
  )
  const reader = await request(tls, PAUSED_BYTES)
  let handedOn = 0
  while (handedOn < 1_000_000) handedOn += (await reader.read()).value?.length ?? 0
  await new Promise(resolve => setTimeout(resolve, PAUSE_MS))
  const held = taken - handedOn
  await reader.cancel()
  return held
}

/** libcurl.js has no way to set roots: ours are written over its own in the memory of its WebAssembly. */
async function loadLibcurl({ libcurl: folder, pipe, rootPem }: TlsParameters): Promise<Libcurl> {
  const { libcurl }: { libcurl: Libcurl } = await import(`${folder}libcurl.mjs`)
  let memory: WebAssembly.Memory | undefined
  const { instantiateStreaming } = WebAssembly
  const watch = async (source: Response | PromiseLike<Response>, imports?: WebAssembly.Imports) => {
    const result = await instantiateStreaming(source, imports)
    memory = Object.values(result.instance.exports).find(one => one instanceof WebAssembly.Memory)
    return result
  }
  try {
    WebAssembly.instantiateStreaming = watch
    await libcurl.load_wasm(`${folder}libcurl.wasm`)
  } finally {
    WebAssembly.instantiateStreaming = instantiateStreaming
  }
  if (memory === undefined) throw new Error('libcurl.js has no memory')
  const list = libcurl.get_cacert()
  const bytes = new Uint8Array(memory.buffer)
  const from = indexOf(bytes, new TextEncoder().encode(list))
  bytes.fill(0x0a, from, from + list.length).set(new TextEncoder().encode(rootPem), from)
  libcurl.transport = 'wsproxy'
  libcurl.set_websocket(pipe)
  return libcurl
}

function indexOf(bytes: Uint8Array, wanted: Uint8Array): number {
  for (let at = bytes.indexOf(wanted[0] ?? 0); at !== -1; at = bytes.indexOf(wanted[0] ?? 0, at + 1))
    if (wanted.every((byte, index) => bytes[at + index] === byte)) return at
  throw new Error('libcurl.js does not hold its roots where expected')
}
