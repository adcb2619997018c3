import { describe, expect, it } from 'vitest'
import { sourceUrlsToBuilt } from './source-urls.ts'

describe('sourceUrlsToBuilt', () => {
  it('points worker URLs at the built module', () => {
    expect(sourceUrlsToBuilt("new Worker(new URL('../workers/codec.ts', import.meta.url), { type: 'module' })")).toBe(
      "new Worker(new URL('../workers/codec.js', import.meta.url), { type: 'module' })"
    )
    expect(sourceUrlsToBuilt('new URL(\n  "./a.b.ts",\n  import.meta.url\n)')).toContain('"./a.b.js"')
  })

  it('leaves every other URL and string alone', () => {
    for (const source of [
      "new URL('./kernel.wasm', import.meta.url)",
      "new URL('https://example.org/a.ts')",
      "const text = './worker.ts'",
      "new URL('./worker.ts', location.href)"
    ]) {
      expect(sourceUrlsToBuilt(source)).toBe(source)
    }
  })
})
