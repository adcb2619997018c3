/**
 * Dev-server plugin: every first-party .ts file that the browser asks for (a test, a worker) is bundled into one module.
 * Serving libp2p file by file fails: it has CommonJS parts and "browser" fields, and costs 600 requests a test.
 */
import { readFile } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { type BuildOptions, build, type Plugin as EsbuildPlugin } from 'esbuild'

interface ServeContext {
  readonly path: string
}

interface ServeResult {
  readonly body: string
  readonly type: 'js'
}

interface BundlePlugin {
  readonly name: string
  serve(context: ServeContext): Promise<ServeResult | undefined>
}

/** One place for how first-party code becomes a browser bundle: tests, benchmarks and the smoke page share it. */
export function browserBuildOptions(rootDir: string): BuildOptions {
  return {
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2023',
    platform: 'browser',
    mainFields: ['browser', 'module', 'main'],
    conditions: ['browser', 'import', 'module'],
    define: { 'process.env.NODE_ENV': '"test"' },
    plugins: [keepMetaUrl(rootDir)],
    logLevel: 'silent'
  }
}

/** @param options with `sourceMaps`, which make a bundle four times as large and as long in the making */
export function esbuildBundlePlugin(options: { rootDir: string; sourceMaps?: boolean }): BundlePlugin {
  const { rootDir, sourceMaps = false } = options
  const bundles = new Map<string, Promise<string>>()
  return {
    name: 'esbuild-bundle',
    async serve(context) {
      if (!context.path.endsWith('.ts') || context.path.includes('/node_modules/')) return undefined
      const file = join(rootDir, decodeURIComponent(context.path))
      let bundled = bundles.get(file)
      if (bundled === undefined) {
        bundled = bundleFile(rootDir, file, sourceMaps)
        bundles.set(file, bundled)
      }
      try {
        return { body: await bundled, type: 'js' }
      } catch (error) {
        bundles.delete(file)
        const reason = error instanceof Error ? error.message : String(error)
        // A page that imports a name from this module reports only that the name is missing.
        console.error(`${context.path} does not bundle: ${reason}`)
        return { body: `throw new Error(${JSON.stringify(reason)})`, type: 'js' }
      }
    }
  }
}

async function bundleFile(rootDir: string, file: string, sourceMaps: boolean): Promise<string> {
  const options = { ...browserBuildOptions(rootDir), sourcemap: sourceMaps && ('inline' as const) }
  const result = await build({ ...options, entryPoints: [file], write: false })
  const output = result.outputFiles[0]
  if (output === undefined) throw new Error(`esbuild wrote nothing for ${file}`)
  return output.text
}

/**
 * In a bundle `import.meta.url` is the bundle's URL, but `new Worker(new URL('./worker.ts', import.meta.url))` means the
 * source file's: put the source's URL in.
 */
function keepMetaUrl(rootDir: string): EsbuildPlugin {
  return {
    name: 'keep-meta-url',
    setup(bundle) {
      bundle.onLoad({ filter: /\.[cm]?[tj]sx?$/ }, async ({ path }) => {
        if (path.includes(`${sep}node_modules${sep}`)) return undefined
        const source = await readFile(path, 'utf8')
        if (!source.includes('import.meta.url')) return undefined
        const url = `/${relative(rootDir, path).split(sep).join('/')}`
        return {
          contents: source.replaceAll('import.meta.url', `new URL(${JSON.stringify(url)}, location.origin).href`),
          loader: /tsx?$/.test(path) ? 'ts' : 'js'
        }
      })
    }
  }
}
