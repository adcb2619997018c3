/** Builds dist/: WebAssembly kernels, the SDK as modules with declarations, and one self-contained file. */
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'vite'
import { sourceUrlsToBuilt } from '../tools/source-urls.ts'

const root = join(import.meta.dirname, '..')
const dist = join(root, 'dist')

rmSync(dist, { recursive: true, force: true })
run('kernels', process.execPath, ['wasm/build.ts'])
run('modules', join(root, 'node_modules/.bin/tsc'), ['-p', 'tsconfig.build.json'])
for (const file of builtModules(dist)) writeFileSync(file, sourceUrlsToBuilt(readFileSync(file, 'utf8')))
cpSync(join(root, 'wasm/dist'), join(dist, 'wasm/dist'), { recursive: true, filter: path => !path.endsWith('.txt') })
await bundle()

function run(what: string, program: string, args: readonly string[]): void {
  const { status, error } = spawnSync(program, args, { cwd: root, stdio: 'inherit' })
  if (status === 0) return
  console.error(`build: ${what} failed${error ? `: ${error.message}` : ''}`)
  process.exit(1)
}

function builtModules(folder: string): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.js'))
    .map(name => join(folder, name))
}

/**
 * For a page without a bundler: everything, libp2p included, in one ES module. Beside it the workers that it starts; where they were not
 * put there too, storage does without.
 */
async function bundle(): Promise<void> {
  await build({
    configFile: false,
    root,
    // workers are looked for beside the file, wherever that is served
    base: './',
    logLevel: 'warn',
    worker: { format: 'es' },
    define: { 'process.env.NODE_ENV': '"production"' },
    build: {
      outDir: join(dist, 'bundle'),
      target: 'es2022',
      minify: true,
      sourcemap: true,
      reportCompressedSize: false,
      lib: { entry: join(dist, 'sdk/index.js'), formats: ['es'], fileName: () => 'craftec.js' },
      rolldownOptions: { output: { codeSplitting: false } }
    }
  })
}
