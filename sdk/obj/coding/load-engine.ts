import { CraftecError } from '../../errors/index.ts'
import { compileModule } from '../../wasm/index.ts'
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
  const attempts = [
    { name: 'wasm-relaxed-simd', url: urls.relaxed, relaxed: true },
    { name: 'wasm-simd', url: urls.strict, relaxed: false }
  ] as const
  let cause: unknown
  for (const { name, url, relaxed } of attempts) {
    if (wanted !== undefined && wanted !== name) continue
    try {
      return createWasmEngine(await compileModule(url), relaxed)
    } catch (error) {
      cause = error
    }
  }
  if (wanted !== undefined)
    throw new CraftecError('unsupported', `the ${wanted} engine cannot be had in this runtime`, { cause })
  return createJsEngine()
}
