/**
 * Compile the AssemblyScript kernels. No runtime, no imports, no allocator: each module is a few pure functions over
 * its own memory. The same sources and the pinned compiler give the same bytes.
 */
import asc from 'assemblyscript/asc'

const KERNELS = [{ source: 'onion-aead.ts', output: 'onion-aead.wasm' }]

for (const { source, output } of KERNELS) {
  const { error } = await asc.main(
    [
      `assembly/${source}`,
      ...['--baseDir', import.meta.dirname, '--outFile', `dist/${output}`],
      ...['-O3', '--converge', '--noAssert', '--runtime', 'stub', '--enable', 'simd', '--enable', 'bulk-memory']
    ],
    { stderr: process.stderr }
  )
  if (error) process.exit(1)
}
