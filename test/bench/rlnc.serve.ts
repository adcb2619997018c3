/** Compiles what the suite measures against, which is no part of the product. */

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import asc from 'assemblyscript/asc'

export interface RlncParameters {
  /** Base64 of the XOR-only kernel. */
  readonly xorOnly: string
  /** Base64 of the module of the npm peer. */
  readonly reedSolomon: string
}

export async function serve(): Promise<{ parameters: RlncParameters; close(): Promise<void> }> {
  let xorOnly: Uint8Array | undefined
  const { error } = await asc.main(
    [
      'xor-only.ts',
      '--outFile',
      'xor-only.wasm',
      '-O3',
      '--converge',
      '--noAssert',
      '--runtime',
      'stub',
      '--enable',
      'simd',
      '--enable',
      'bulk-memory'
    ],
    {
      readFile: (name, base) => {
        try {
          return readFileSync(new URL(name.replace(/^.*\//, ''), new URL('./kernels/', import.meta.url)), 'utf8')
        } catch {
          return base === undefined ? null : null
        }
      },
      writeFile: (_, contents) => {
        xorOnly = contents as Uint8Array
      },
      listFiles: () => []
    }
  )
  if (error || xorOnly === undefined) throw error ?? new Error('the XOR-only kernel did not compile')
  const peer = createRequire(import.meta.url).resolve('@digitaldefiance/reed-solomon-erasure.wasm/wasm')
  const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')
  return { parameters: { xorOnly: base64(xorOnly), reedSolomon: base64(readFileSync(peer)) }, close: async () => {} }
}
