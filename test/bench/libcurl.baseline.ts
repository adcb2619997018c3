/** libcurl.js as a baseline, in a page and, pretending to be one, in Node; with the roots of the test instead of its own. */

export interface Libcurl {
  transport: string
  set_websocket(url: string): void
  /** Its roots, in PEM. */
  get_cacert(): string
  load_wasm(url: string): Promise<void>
  fetch(url: string, options: { signal: AbortSignal }): Promise<Response>
  TLSSocket: new (host: string, port: number) => { onopen: () => void; onerror: (code: number) => void; close(): void }
}

export interface LibcurlParameters {
  /** URL of `libcurl.mjs`. */
  readonly script: string
  /** URL of `libcurl.wasm` that this runtime can fetch. */
  readonly wasm: string
  /** `${pipe}HOST:PORT` reaches that port. */
  readonly pipe: string
  readonly rootPem: string
}

export async function loadLibcurl({ script, wasm, pipe, rootPem }: LibcurlParameters): Promise<Libcurl> {
  const { libcurl, memory } = await asPage(() => instantiate(script, wasm))
  // There is no way to set roots: ours are written over its own where these lie.
  const list = libcurl.get_cacert()
  const bytes = new Uint8Array(memory.buffer)
  const from = indexOf(bytes, new TextEncoder().encode(list))
  bytes.fill(0x0a, from, from + list.length).set(new TextEncoder().encode(rootPem), from)
  libcurl.transport = 'wsproxy'
  libcurl.set_websocket(pipe)
  return libcurl
}

async function instantiate(script: string, wasm: string): Promise<{ libcurl: Libcurl; memory: WebAssembly.Memory }> {
  const { libcurl }: { libcurl: Libcurl } = await import(script)
  let memory: WebAssembly.Memory | undefined
  const { instantiateStreaming } = WebAssembly
  const watch = async (source: Response | PromiseLike<Response>, imports?: WebAssembly.Imports) => {
    const result = await instantiateStreaming(source, imports)
    memory = Object.values(result.instance.exports).find(one => one instanceof WebAssembly.Memory)
    return result
  }
  try {
    WebAssembly.instantiateStreaming = watch
    await libcurl.load_wasm(wasm)
  } finally {
    WebAssembly.instantiateStreaming = instantiateStreaming
  }
  if (memory === undefined) throw new Error('libcurl.js has no memory')
  return { libcurl, memory }
}

/** While it starts, libcurl.js looks where it is, and refuses Node. It needs nothing of a page afterwards. */
async function asPage<T>(task: () => Promise<T>): Promise<T> {
  if ('document' in globalThis) return task()
  const own = Object.getOwnPropertyDescriptor(globalThis, 'process')
  const page = { window: globalThis, document: new EventTarget(), location: new URL('http://localhost/') }
  Object.assign(globalThis, page)
  Reflect.deleteProperty(globalThis, 'process')
  try {
    return await task()
  } finally {
    if (own) Object.defineProperty(globalThis, 'process', own)
    for (const name of ['document', 'location']) Reflect.deleteProperty(globalThis, name)
  }
}

function indexOf(bytes: Uint8Array, wanted: Uint8Array): number {
  for (let at = bytes.indexOf(wanted[0] ?? 0); at !== -1; at = bytes.indexOf(wanted[0] ?? 0, at + 1))
    if (wanted.every((byte, index) => bytes[at + index] === byte)) return at
  throw new Error('libcurl.js does not hold its roots where expected')
}
