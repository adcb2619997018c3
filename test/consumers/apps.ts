/** The four ways an application takes the package in; each is built in `folder`, where the packed package is installed. */
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { build as esbuild } from 'esbuild'
import { build as vite } from 'vite'
import webpack, { type Configuration } from 'webpack'

export interface ConsumerApp {
  readonly name: string
  /** Builds the app; the page is at `page` below the folder that is served. */
  build(folder: string): Promise<void>
  readonly page: string
  /** Where the kernels are served, for a tool chain that does not bring them along. */
  readonly wasmFolder?: string
  /** Whether the workers that the package starts are built, too. */
  readonly ownWorkers: boolean
  /** Whether the app has a worker of its own that is checked. */
  readonly hasWorker: boolean
}

/** Workers that the package starts. */
const OWN_WORKERS = './node_modules/@craftec/web/dist/workers'

export const CONSUMER_APPS: readonly ConsumerApp[] = [
  {
    name: 'vite',
    page: '/dist-vite/index.html',
    ownWorkers: true,
    hasWorker: true,
    build: folder => buildWithVite(folder, 'src', 'dist-vite')
  },
  // <craftec-storage> in two lines of a page, its workers and kernels beside it.
  {
    name: 'widget',
    page: '/dist-widget/index.html',
    ownWorkers: true,
    hasWorker: false,
    build: folder => buildWithVite(folder, 'widget', 'dist-widget')
  },
  {
    name: 'webpack',
    page: '/dist-webpack/index.html',
    ownWorkers: true,
    hasWorker: true,
    build: async folder => {
      const outDir = join(folder, 'dist-webpack')
      await runWebpack({
        context: folder,
        mode: 'production',
        entry: './src/main.js',
        output: { path: outDir, filename: 'main.js' },
        optimization: { minimize: false } // most of the time, and what it could break the other two would show
      })
      cpSync(join(folder, 'src/index.html'), join(outDir, 'index.html'))
    }
  },
  {
    name: 'esbuild',
    page: '/dist-esbuild/index.html',
    ownWorkers: true,
    hasWorker: true,
    wasmFolder: '/node_modules/@craftec/web/dist/wasm/dist',
    build: async folder => {
      const outdir = join(folder, 'dist-esbuild')
      // esbuild does not follow `new URL('./worker.js', import.meta.url)`: workers are entry points of their own, the package's too.
      await esbuild({
        absWorkingDir: folder,
        entryPoints: {
          main: 'src/main.js',
          worker: 'src/worker.js',
          'codec-worker': `${OWN_WORKERS}/codec/codec-worker.js`,
          'storage-worker': `${OWN_WORKERS}/storage/storage-worker.js`
        },
        outdir,
        bundle: true,
        splitting: true,
        format: 'esm',
        target: 'es2022',
        minify: true,
        logLevel: 'silent'
      })
      cpSync(join(folder, 'src/index.html'), join(outdir, 'index.html'))
    }
  },
  // No build at all: <script type="module"> and the package's one-file bundle.
  { name: 'plain', page: '/plain/index.html', ownWorkers: false, hasWorker: true, build: async () => {} }
]

async function buildWithVite(folder: string, root: string, outDir: string): Promise<void> {
  await vite({
    configFile: false,
    root: join(folder, root),
    base: './',
    logLevel: 'error',
    build: { outDir: join(folder, outDir), target: 'es2022', modulePreload: { polyfill: false } },
    worker: { format: 'es' }
  })
}

function runWebpack(configuration: Configuration): Promise<void> {
  return new Promise((resolve, reject) => {
    webpack(configuration, (error, stats) => {
      if (error) reject(error)
      else if (stats === undefined || stats.hasErrors())
        reject(new Error(stats?.toString('errors-only') ?? 'no result'))
      else resolve()
    })
  })
}
