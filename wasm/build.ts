/**
 * Compile the AssemblyScript kernels. No runtime, no imports, no allocator: each module is a few pure functions over
 * its own memory. The same sources and the pinned compiler give the same bytes, so kernels that were made of them are kept.
 * `node wasm/build.ts [FOLDER]`, default wasm/dist.
 */
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import compiler from 'assemblyscript/package.json' with { type: 'json' }

// The compiler takes paths relative to its base only.
const folder = relative(import.meta.dirname, process.argv[2] ?? join(import.meta.dirname, 'dist'))
const sources = join(import.meta.dirname, 'assembly')
/** Names what the kernels beside it were made of. */
const stamp = join(import.meta.dirname, folder, 'made-of.txt')
const KERNELS = [
  { source: 'chacha20-poly1305.ts', output: 'chacha20-poly1305.wasm', features: [] },
  { source: 'obj-hash.ts', output: 'obj-hash.wasm', features: [] },
  { source: 'rlnc.ts', output: 'rlnc-strict.wasm', features: [] },
  // Its byte shuffle is one instruction where the runtime has it; elsewhere the module does not validate, hence two.
  { source: 'rlnc.ts', output: 'rlnc-relaxed.wasm', features: ['--use', 'RELAXED=1', '--enable', 'relaxed-simd'] }
]

const madeOf = fingerprint()
if (!isMade(madeOf)) {
  const { default: asc } = await import('assemblyscript/asc')
  rmSync(stamp, { force: true })
  for (const kernel of KERNELS) await compile(asc, kernel)
  writeFileSync(stamp, madeOf)
}

function isMade(wanted: string): boolean {
  const kernels = KERNELS.map(({ output }) => join(import.meta.dirname, folder, output))
  return [stamp, ...kernels].every(existsSync) && readFileSync(stamp, 'utf8') === wanted
}

/** Of everything that the bytes of a kernel depend on, this script with its options included. */
function fingerprint(): string {
  const hash = createHash('sha256').update(compiler.version)
  const files = [
    import.meta.filename,
    ...readdirSync(sources)
      .map(name => join(sources, name))
      .sort()
  ]
  for (const file of files) hash.update(relative(sources, file)).update('\0').update(readFileSync(file)).update('\0')
  return hash.digest('hex')
}

async function compile(
  asc: typeof import('assemblyscript/asc').default,
  { source, output, features }: (typeof KERNELS)[number]
): Promise<void> {
  const { error } = await asc.main(
    [
      `assembly/${source}`,
      ...['--baseDir', import.meta.dirname, '--outFile', join(folder, output)],
      ...['-O3', '--converge', '--noAssert', '--runtime', 'stub', '--enable', 'simd', '--enable', 'bulk-memory'],
      ...features
    ],
    { stderr: process.stderr }
  )
  if (error) process.exit(1)
}
