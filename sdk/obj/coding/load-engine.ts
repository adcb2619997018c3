import { CraftecError } from '../../errors/index.ts'
import type { CodingEngine } from './coding-engine.ts'
import { createJsEngine } from './js-engine.ts'
import { createWasmEngine } from './wasm-engine.ts'

export interface CodingEngineOptions {
  /** Where the kernels are, if not beside this package: strict and relaxed SIMD builds. */
  readonly wasmUrls?: { readonly strict: string | URL; readonly relaxed: string | URL }
  /** Take this engine or fail. Default: the fastest the runtime allows. */
  readonly engine?: CodingEngine['name']
}

/**
 * The fastest engine that works here: relaxed SIMD where the runtime validates it, strict SIMD, else plain JavaScript (no
 * WebAssembly, a content-security policy that forbids it, or kernels that cannot be fetched). All give the same bytes.
 * @throws CraftecError `unsupported` when `engine` was asked for and cannot be had
 */
export async function loadCodingEngine(options: CodingEngineOptions = {}): Promise<CodingEngine> {
  const { engine: wanted } = options
  if (wanted === 'js') return createJsEngine()
  const urls = options.wasmUrls ?? {
    strict: new URL('../../../wasm/dist/rlnc-strict.wasm', import.meta.url),
    relaxed: new URL('../../../wasm/dist/rlnc-relaxed.wasm', import.meta.url)
  }
  try {
    if (wanted !== 'wasm-simd') {
      const relaxed = await loadBytes(urls.relaxed)
      if (WebAssembly.validate(relaxed)) return createWasmEngine(await WebAssembly.compile(relaxed), true)
      if (wanted) throw new CraftecError('unsupported', 'this runtime has no relaxed SIMD')
    }
    return createWasmEngine(await WebAssembly.compile(await loadBytes(urls.strict)), false)
  } catch (cause) {
    if (wanted) throw CraftecError.from(cause, 'unsupported', `the ${wanted} engine cannot be loaded`)
    return createJsEngine()
  }
}

async function loadBytes(url: string | URL): Promise<Uint8Array<ArrayBuffer>> {
  const { process } = globalThis as { process?: { getBuiltinModule?: (name: string) => unknown } }
  // Node's fetch refuses file: addresses.
  if (String(url).startsWith('file:') && process?.getBuiltinModule) {
    const { readFile } = process.getBuiltinModule('node:fs/promises') as { readFile(path: URL): Promise<Uint8Array> }
    return new Uint8Array(await readFile(new URL(url)))
  }
  const response = await fetch(url)
  if (!response.ok) throw new CraftecError('unsupported', `kernel not found: status ${response.status}`)
  return new Uint8Array(await response.arrayBuffer())
}
