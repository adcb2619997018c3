import { copyFile, mkdir, readFile } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
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
 * @returns paths of all files that it was made from
 */
export async function bundleRelay({ entries, folder, external, splitting }: BundleOptions): Promise<readonly string[]> {
  const { build } = await import('esbuild')
  const kernels = new Set<string>()
  const { metafile } = await build({
    entryPoints: Object.entries(entries).map(([out, source]) => ({ out, in: fileURLToPath(source) })),
    outdir: fileURLToPath(folder),
    bundle: true,
    splitting,
    platform: 'node',
    format: 'esm',
    target: 'node22',
    external: [...NATIVE, ...external],
    banner: { js: BANNER },
    metafile: true,
    plugins: [kernelsBeside(folder, kernels)],
    legalComments: 'linked',
    logLevel: 'error'
  })
  // relative to where this process was started
  return [...Object.keys(metafile.inputs).map(path => resolve(path)), ...kernels]
}

/**
 * Modules find their WebAssembly kernel by an address relative to their own; in a bundle that is the bundle's. The kernels are copied beside
 * it and the addresses follow: without them cells and links are sealed at a third of the speed.
 * @param kernels told the path of each
 */
function kernelsBeside(folder: URL, kernels: Set<string>): Plugin {
  return {
    name: 'kernels-beside',
    setup: ({ onLoad }) => {
      onLoad({ filter: /[\\/]sdk[\\/].*\.ts$/ }, async ({ path }) => {
        const source = await readFile(path, 'utf8')
        if (source.includes('.wasm')) await mkdir(folder, { recursive: true })
        const copies: Promise<void>[] = []
        const contents = source.replace(/new URL\('([^']+\.wasm)', import\.meta\.url\)/g, (_, address: string) => {
          const name = basename(address)
          const kernel = new URL(address, pathToFileURL(path))
          kernels.add(fileURLToPath(kernel))
          copies.push(copyFile(kernel, new URL(name, folder)))
          return `new URL('./${name}', import.meta.url)`
        })
        await Promise.all(copies)
        return { contents, loader: 'ts' }
      })
    }
  }
}
