import { CraftecError } from '../../errors/index.ts'
import { compileModule } from '../../wasm/index.ts'
import type { HashEngine } from './hash-engine.ts'
import { createJsHashEngine } from './js-hash-engine.ts'
import { createWasmHashEngine } from './wasm-hash-engine.ts'

export interface HashEngineOptions {
  /** Where the kernel is, if not beside this package. */
  readonly wasmUrl?: string | URL
  /** Take this engine or fail. Default: the fastest that works here. */
  readonly engine?: HashEngine['name']
}

/**
 * The fastest hash engine that works here: WebAssembly, else plain JavaScript (see `loadCodingEngine` for why it may be missing). Both
 * give the same bytes.
 * @throws CraftecError `unsupported` when `engine` was asked for and cannot be had
 */
export async function loadHashEngine(options: HashEngineOptions = {}): Promise<HashEngine> {
  const { engine: wanted, wasmUrl = new URL('../../../wasm/dist/obj-hash.wasm', import.meta.url) } = options
  if (wanted === 'js') return createJsHashEngine()
  try {
    return createWasmHashEngine(await compileModule(wasmUrl))
  } catch (cause) {
    if (wanted === undefined) return createJsHashEngine()
    throw new CraftecError('unsupported', `the ${wanted} hash engine cannot be had in this runtime`, { cause })
  }
}
