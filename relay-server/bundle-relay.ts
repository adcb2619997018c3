import { copyFile, mkdir, readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { Plugin } from 'esbuild'

/** Native code, which no bundle can hold, and `esbuild`, which only this source tree needs. */
const NATIVE = ['node-datachannel', '@node-datachannel/*', '@matrixai/*', 'esbuild']
/** CommonJS packages inside an ES module still call `require`. */
const BANNER = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);"

/** Programs that stand for themselves: the command, and the process that WebTransport's native code runs in. */
export const RELAY_PROGRAMS: Readonly<Record<string, URL>> = {
  cli: new URL('./cli.ts', import.meta.url),
  'engine-process': new URL('./webtransport/isolation/engine-process.ts', import.meta.url)
}

export interface BundleOptions {
  /** Name of each file in `folder`, and the source it is made from. */
  readonly entries: Readonly<Record<string, URL>>
  readonly folder: URL
  /** Packages to import at run time instead. */
  readonly external: readonly string[]
  /** Put what several entries need into files of their own. */
  readonly splitting: boolean
}

/**
 * Our sources and libp2p as few files: libp2p's packages bring React Native to whoever installs them as dependencies (240 MB), and loading
 * their 700 modules takes a second of a core at every start.
 */
export async function bundleRelay({ entries, folder, external, splitting }: BundleOptions): Promise<void> {
  const { build } = await import('esbuild')
  await build({
    entryPoints: Object.entries(entries).map(([out, source]) => ({ out, in: fileURLToPath(source) })),
    outdir: fileURLToPath(folder),
    bundle: true,
    splitting,
    platform: 'node',
    format: 'esm',
    target: 'node22',
    external: [...NATIVE, ...external],
    banner: { js: BANNER },
    plugins: [kernelsBeside(folder)],
    legalComments: 'linked',
    logLevel: 'error'
  })
}

/**
 * Modules find their WebAssembly kernel by an address relative to their own; in a bundle that is the bundle's. The kernels are copied beside
 * it and the addresses follow: without them cells and links are sealed at a third of the speed.
 */
function kernelsBeside(folder: URL): Plugin {
  return {
    name: 'kernels-beside',
    setup: ({ onLoad }) => {
      onLoad({ filter: /[\\/]sdk[\\/].*\.ts$/ }, async ({ path }) => {
        const source = await readFile(path, 'utf8')
        if (source.includes('.wasm')) await mkdir(folder, { recursive: true })
        const copies: Promise<void>[] = []
        const contents = source.replace(/new URL\('([^']+\.wasm)', import\.meta\.url\)/g, (_, address: string) => {
          const name = basename(address)
          copies.push(copyFile(new URL(address, pathToFileURL(path)), new URL(name, folder)))
          return `new URL('./${name}', import.meta.url)`
        })
        await Promise.all(copies)
        return { contents, loader: 'ts' }
      })
    }
  }
}
