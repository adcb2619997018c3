import { compileModule } from '../wasm/index.ts'
import type { CryptoEngine } from './crypto-engine.ts'
import { createNobleEngine } from './noble-engine.ts'
import { createNodeEngine, hasNodeEngine, type NodeCrypto } from './node-engine.ts'
import { createWasmCryptoEngine } from './wasm-engine.ts'

let chosen: CryptoEngine | undefined
let accelerated = false

/**
 * The best engine this runtime has, chosen at the first call: OpenSSL on Node, noble elsewhere.
 *
 * Median of 15 interleaved rounds, Node 24.21, Zen 4, µs an operation, noble / node (key import included): X25519 key pair
 * 559 / 140, shared secret 1517 / 196; Ed25519 sign 256 B 816 / 140, verify 1584 / 195; AEAD of a cell 35 / 24; SHA-256
 * 600 B 5 / 2. Where OpenSSL loses, the node engine itself falls back (see there).
 */
export function cryptoEngine(): CryptoEngine {
  chosen ??= bestEngine()
  return chosen
}

/**
 * Compile the WebAssembly cipher and let {@link cryptoEngine} give it out from now on; results are the same, sooner. On Node
 * too: OpenSSL 3 is slow to begin. Median of 15 rounds, Node 24.21, Zen 4 under load, µs to seal, noble / node / wasm:
 * 600 B 54 / 42 / 2, a cell 70 / 47 / 9, 16 KiB 197 / 50 / 29, 64 KiB 810 / 99 / 133.
 * @param url of the kernel, if it is not beside this package
 * @throws CraftecError `unsupported` when it cannot be loaded; the engine in use stays
 */
export async function useWasmCrypto(
  url: string | URL = new URL('../../wasm/dist/chacha20-poly1305.wasm', import.meta.url)
): Promise<CryptoEngine> {
  if (accelerated) return cryptoEngine()
  const module = await compileModule(url)
  if (!accelerated) chosen = createWasmCryptoEngine(module, cryptoEngine())
  accelerated = true
  return cryptoEngine()
}

function bestEngine(): CryptoEngine {
  const nodeCrypto = loadNodeCrypto()
  return nodeCrypto !== undefined && hasNodeEngine(nodeCrypto) ? createNodeEngine(nodeCrypto) : createNobleEngine()
}

/** `process.getBuiltinModule` (Node 22.3) instead of an import, which bundlers would follow and browsers refuse. */
function loadNodeCrypto(): Partial<NodeCrypto> | undefined {
  const { process } = globalThis as { process?: { getBuiltinModule?: (name: string) => object | undefined } }
  return typeof process?.getBuiltinModule === 'function' ? process.getBuiltinModule('node:crypto') : undefined
}
