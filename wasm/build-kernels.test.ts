import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'

const shipped = join(import.meta.dirname, 'dist')
const KERNELS = ['chacha20-poly1305.wasm', 'obj-hash.wasm', 'rlnc-relaxed.wasm', 'rlnc-strict.wasm']
const MAX_GZIP_BYTES = 16 * 1024

describe('the kernels', () => {
  it('are built to the same bytes every time', { timeout: 120_000 }, () => {
    const again = mkdtempSync(join(tmpdir(), 'craftec-kernels-'))
    try {
      const { status, stderr } = spawnSync(process.execPath, [join(import.meta.dirname, 'build.ts'), again], {
        encoding: 'utf8'
      })
      expect(status, stderr).toBe(0)
      expect(
        readdirSync(again)
          .filter(name => name.endsWith('.wasm'))
          .sort()
      ).toEqual(KERNELS)
      for (const name of KERNELS)
        expect(Buffer.compare(readFileSync(join(again, name)), readFileSync(join(shipped, name))), name).toBe(0)
    } finally {
      rmSync(again, { recursive: true, force: true })
    }
  })

  it.each(KERNELS)('%s is at most 16 KiB compressed, and valid', name => {
    const bytes = readFileSync(join(shipped, name))
    expect(WebAssembly.validate(bytes)).toBe(true)
    expect(gzipSync(bytes).length).toBeLessThanOrEqual(MAX_GZIP_BYTES)
  })

  it('need nothing from their host', () => {
    for (const name of KERNELS)
      expect(WebAssembly.Module.imports(new WebAssembly.Module(readFileSync(join(shipped, name))))).toEqual([])
  })
})
