/** Size is a promise: the client, the trust anchors, both together, and that neither is loaded before it is needed. */
import { join, relative } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '../..')
const KIB = 1024

async function bundle(entry: string, external: string[] = []) {
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    entryPoints: [entry],
    outdir: 'never-written',
    bundle: true,
    minify: true,
    splitting: true,
    format: 'esm',
    platform: 'browser',
    conditions: ['browser'],
    write: false,
    metafile: true,
    external,
    logLevel: 'error'
  })
  return outputFiles.map(({ path, contents }) => ({
    gzipBytes: gzipSync(contents, { level: 9 }).length,
    inputs: Object.keys(metafile.outputs[relative(root, path)]?.inputs ?? {}),
    isEntry: metafile.outputs[relative(root, path)]?.entryPoint === entry,
    imports: metafile.outputs[relative(root, path)]?.imports ?? [],
    name: relative(root, path)
  }))
}

describe('the TLS client', () => {
  it('is at most 30 KiB, with trust anchors 60 KiB, and these are apart', async () => {
    // What the rest of the SDK has loaded anyway is not counted: errors, codec, the cryptographic engine.
    const shared = ['../crypto/index.ts', '../codec/index.ts', '../errors/index.ts', '../async/index.ts']
    const chunks = await bundle('sdk/tls/index.ts', [...shared, ...shared.map(path => `../${path}`)])
    const isAnchors = (inputs: string[]) => inputs.some(path => path.endsWith('mozilla-anchors.data.ts'))
    const sum = (list: typeof chunks) => list.reduce((total, { gzipBytes }) => total + gzipBytes, 0)
    const anchors = chunks.filter(({ inputs }) => isAnchors(inputs))
    const client = chunks.filter(({ inputs }) => !isAnchors(inputs))
    expect(anchors).toHaveLength(1)
    expect(sum(client)).toBeLessThan(30 * KIB)
    expect(sum(chunks)).toBeLessThan(60 * KIB)
  })

  it('is not among what the SDK loads before the first https: connection', async () => {
    const chunks = await bundle('sdk/net/fetch/index.ts')
    const loaded = new Set<string>()
    const load = (name: string): void => {
      if (loaded.has(name)) return
      loaded.add(name)
      for (const { path, kind } of chunks.find(chunk => chunk.name === name)?.imports ?? [])
        if (kind === 'import-statement') load(path)
    }
    load(chunks.find(({ isEntry }) => isEntry)?.name ?? '')
    const inputs = chunks.filter(({ name }) => loaded.has(name)).flatMap(chunk => chunk.inputs)
    expect(inputs).toContain('sdk/net/fetch/tls13-engine.ts')
    expect(inputs.filter(path => path.startsWith('sdk/tls/'))).toEqual([])
    expect(chunks.some(chunk => chunk.inputs.includes('sdk/tls/connect-tls.ts'))).toBe(true)
  })
})
