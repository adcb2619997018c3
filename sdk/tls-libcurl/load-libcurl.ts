/** libcurl.js is one object in a page, so its transport and its roots are set once, for all engines. */
import type { libcurl, TlsSocket } from 'libcurl.js'
import { CraftecError } from '../errors/index.ts'
import type { Carrier } from './carrier.ts'
import { holdsOnly, writeRoots } from './own-roots.ts'

export interface LibcurlSource {
  readonly wasmUrl: string
  /** DER; undefined for the list that libcurl.js brings. */
  readonly roots: readonly Uint8Array[] | undefined
}

export interface LoadedLibcurl {
  /** Begin a handshake over `carrier`. @param host a name, or an address literal without brackets */
  open(host: string, carrier: Carrier): TlsSocket
  errorText(code: number): string
}

/** Nothing listens there; libcurl.js wants some address, and none of its own transports is ever in use. */
const NOWHERE = 'wss://libcurl.invalid/'
const MAX_PORT = 65_535

let loaded: { readonly options: string; readonly libcurl: Promise<LoadedLibcurl> } | undefined

/** @throws CraftecError `unsupported` when libcurl.js is missing, does not start, or was started with other roots */
export function loadLibcurl(source: LibcurlSource): Promise<LoadedLibcurl> {
  const options = JSON.stringify([source.wasmUrl, source.roots?.map(root => root.join())])
  if (loaded && loaded.options !== options)
    throw new CraftecError('unsupported', 'libcurl.js is one in a page: its second engine must have the same options')
  loaded ??= { options, libcurl: start(source) }
  const { libcurl } = loaded
  // Not being able to fetch it is no reason never to try again.
  libcurl.catch(() => {
    if (loaded?.libcurl === libcurl) loaded = undefined
  })
  return libcurl
}

async function start({ wasmUrl, roots }: LibcurlSource): Promise<LoadedLibcurl> {
  try {
    const { libcurl } = await import('libcurl.js')
    const wasm = await fetchWasm(wasmUrl)
    if (roots) writeRoots(wasm, roots)
    // It prints whole URLs when something fails.
    for (const name of ['logger', 'stdout', 'stderr'] as const) libcurl[name] = () => {}
    const open = openOverCarriers(libcurl)
    const url = URL.createObjectURL(new Blob([wasm], { type: 'application/wasm' }))
    try {
      await libcurl.load_wasm(url)
    } finally {
      URL.revokeObjectURL(url)
    }
    if (roots && !holdsOnly(libcurl.get_cacert(), roots))
      throw new CraftecError('unsupported', 'libcurl.js kept roots of its own')
    libcurl.set_websocket(NOWHERE)
    return { open, errorText: code => libcurl.get_error_string(code) }
  } catch (error) {
    throw CraftecError.from(error, 'unsupported', 'libcurl.js does not start; is it installed, and is wasmUrl right?')
  }
}

/** Looked at before libcurl.js gets it: once it has failed to start, it cannot be started again. */
async function fetchWasm(url: string): Promise<Uint8Array<ArrayBuffer>> {
  const answer = await fetch(url)
  if (!answer.ok) throw new CraftecError('unsupported', `libcurl.wasm: status ${answer.status}`)
  const wasm = new Uint8Array(await answer.arrayBuffer())
  if (!WebAssembly.validate(wasm))
    throw new CraftecError('unsupported', 'libcurl.wasm is no WebAssembly of this runtime')
  return wasm
}

/**
 * Its transport is one class for all connections, and is told nothing but host and port. The port means nothing to us, whose stream is
 * open already: it is the number under which the carrier waits.
 */
function openOverCarriers(curl: typeof libcurl): LoadedLibcurl['open'] {
  const waiting = new Map<number, Carrier>()
  let last = 0
  curl.transport = function findCarrier(url: string): Carrier {
    const port = Number(/:(\d+)$/.exec(url)?.[1])
    const carrier = waiting.get(port)
    if (carrier === undefined) throw new CraftecError('internal', 'libcurl.js wants a connection that nobody opened')
    waiting.delete(port)
    carrier.open()
    return carrier
  }
  return (host, carrier) => {
    do last = (last % MAX_PORT) + 1
    while (waiting.has(last))
    waiting.set(last, carrier)
    const port = last
    try {
      return new curl.TLSSocket(host.includes(':') ? `[${host}]` : host, port)
    } catch (error) {
      waiting.delete(port)
      throw error
    }
  }
}
