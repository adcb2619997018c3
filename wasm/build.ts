/**
 * Compile the AssemblyScript kernels. No runtime, no imports, no allocator: each module is a few pure functions over
 * its own memory. The same sources and the pinned compiler give the same bytes.
 */
import asc from 'assemblyscript/asc'

const KERNELS = [
  { source: 'chacha20-poly1305.ts', output: 'chacha20-poly1305.wasm', features: [] },
  { source: 'rlnc.ts', output: 'rlnc-strict.wasm', features: [] },
  // Its byte shuffle is one instruction where the runtime has it; elsewhere the module does not validate, hence two.
  { source: 'rlnc.ts', output: 'rlnc-relaxed.wasm', features: ['--use', 'RELAXED=1', '--enable', 'relaxed-simd'] }
]

for (const { source, output, features } of KERNELS) {
  const { error } = await asc.main(
    [
      `assembly/${source}`,
      ...['--baseDir', import.meta.dirname, '--outFile', `dist/${output}`],
      ...['-O3', '--converge', '--noAssert', '--runtime', 'stub', '--enable', 'simd', '--enable', 'bulk-memory'],
      ...features
    ],
    { stderr: process.stderr }
  )
  if (error) process.exit(1)
}
