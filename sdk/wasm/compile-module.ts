import { CraftecError } from '../errors/index.ts'

/**
 * Fetch and compile a WebAssembly module, in any runtime the SDK knows.
 * @throws CraftecError `unsupported` when it cannot be fetched, does not validate here (a SIMD feature is missing), or the
 * page's content-security policy forbids compiling (`'wasm-unsafe-eval'`)
 */
export async function compileModule(url: string | URL): Promise<WebAssembly.Module> {
  try {
    return await WebAssembly.compile(await moduleBytes(url))
  } catch (cause) {
    throw CraftecError.from(
      cause,
      'unsupported',
      'a WebAssembly module cannot be used here; plain JavaScript will do its work'
    )
  }
}

async function moduleBytes(url: string | URL): Promise<Uint8Array<ArrayBuffer>> {
  const { process } = globalThis as { process?: { getBuiltinModule?: (name: string) => unknown } }
  // Node's fetch refuses file: addresses.
  if (String(url).startsWith('file:') && process?.getBuiltinModule) {
    const { readFile } = process.getBuiltinModule('node:fs/promises') as { readFile(path: URL): Promise<Uint8Array> }
    return new Uint8Array(await readFile(new URL(url)))
  }
  const response = await fetch(url)
  if (!response.ok)
    throw new CraftecError('unsupported', `no WebAssembly module at its address: status ${response.status}`)
  return new Uint8Array(await response.arrayBuffer())
}
