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
    if (relaxed && wanted === undefined && !hasRelaxedSimd()) continue
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

/**
 * Whether the runtime validates relaxed SIMD, by the smallest module that uses it: one function with one `i8x16.relaxed_swizzle`.
 * Saves a fetch where it does not (Safari).
 */
function hasRelaxedSimd(): boolean {
  return globalThis.WebAssembly?.validate(
    Uint8Array.of(
      ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0], // header
      ...[1, 5, 1, 0x60, 0, 1, 0x7b], // type: () -> v128
      ...[3, 2, 1, 0], // one function
      ...[10, 15, 1, 13, 0, 0x41, 0, 0xfd, 15, 0x41, 0, 0xfd, 15, 0xfd, 0x80, 2, 11] // splat, splat, relaxed_swizzle
    )
  )
}
