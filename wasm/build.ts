/**
 * Compile the AssemblyScript kernels. No runtime, no imports, no allocator: each module is a few pure functions over
 * its own memory. The same sources and the pinned compiler give the same bytes. `node wasm/build.ts [FOLDER]`, default wasm/dist.
 */
import { join, relative } from 'node:path'
import asc from 'assemblyscript/asc'

// The compiler takes paths relative to its base only.
const folder = relative(import.meta.dirname, process.argv[2] ?? join(import.meta.dirname, 'dist'))
const KERNELS = [
  { source: 'chacha20-poly1305.ts', output: 'chacha20-poly1305.wasm', features: [] },
  { source: 'obj-hash.ts', output: 'obj-hash.wasm', features: [] },
  { source: 'rlnc.ts', output: 'rlnc-strict.wasm', features: [] },
  // Its byte shuffle is one instruction where the runtime has it; elsewhere the module does not validate, hence two.
  { source: 'rlnc.ts', output: 'rlnc-relaxed.wasm', features: ['--use', 'RELAXED=1', '--enable', 'relaxed-simd'] }
]

for (const { source, output, features } of KERNELS) {
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
