/** Size is a promise: the client, the trust anchors, both together, and that neither is loaded before it is needed. */
import { join, relative } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { describe, expect, it } from 'vitest'
import { FIELD_BYTES } from '../../sdk/tls/x509/ecdsa-signature.ts'
import { mozillaAnchors } from '../../sdk/tls/x509/mozilla-anchors.ts'
import { parsePublicKey } from '../../sdk/tls/x509/public-key.ts'

const root = join(import.meta.dirname, '../..')
const KIB = 1024

type Entry = string | { readonly contents: string }

async function bundle(entry: Entry) {
  const input =
    typeof entry === 'string'
      ? { entryPoints: [entry] }
      : { stdin: { ...entry, resolveDir: root, loader: 'ts' as const } }
  const { outputFiles, metafile } = await build({
    ...input,
    absWorkingDir: root,
    outdir: 'never-written',
    bundle: true,
    minify: true,
    splitting: true,
    format: 'esm',
    platform: 'browser',
    conditions: ['browser'],
    write: false,
    metafile: true,
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

/** What every user of the SDK has loaded before the first connection. */
const SHARED = ['async', 'codec', 'crypto', 'errors'].map(
  folder => `export * as ${folder} from './sdk/${folder}/index.ts'`
)
const sum = (chunks: readonly { gzipBytes: number }[]) => chunks.reduce((total, { gzipBytes }) => total + gzipBytes, 0)

/** In bytes: what TLS adds to the rest of the SDK, and the part of it that holds the trust anchors. */
async function sizes(): Promise<{ client: number; anchors: number }> {
  const shared = await bundle({ contents: SHARED.join('\n') })
  const all = await bundle({ contents: [...SHARED, "export * as tls from './sdk/tls/index.ts'"].join('\n') })
  const isAnchors = ({ inputs }: { inputs: string[] }) => inputs.some(path => path.endsWith('mozilla-anchors.data.ts'))
  const anchors = all.filter(isAnchors)
  expect(anchors).toHaveLength(1)
  return { client: sum(all) - sum(anchors) - sum(shared), anchors: sum(anchors) }
}

/** Random bytes that nothing compresses: moduli, and one coordinate of each point. */
async function keyBytes(): Promise<number> {
  const keys = (await mozillaAnchors()).map(({ spki }) => parsePublicKey(spki))
  return keys.reduce((total, key) => {
    if (key.kind === 'rsa') return total + key.bits / 8
    return total + (key.kind === 'ec' ? FIELD_BYTES[key.curve] : key.bytes.length)
  }, 0)
}

describe('the TLS client', () => {
  it('adds at most 30 KiB, with trust anchors 60 KiB, and these are apart', async () => {
    const { client, anchors } = await sizes()
    expect(client).toBeLessThan(30 * KIB)
    expect(client + anchors).toBeLessThan(60 * KIB)
  })

  it('has trust anchors that are hardly larger than their keys', async () => {
    const { anchors } = await sizes()
    const floor = await keyBytes()
    // 120 names and dates. When the list grows, this stays; when the encoding gets worse, it does not.
    expect(anchors - floor).toBeLessThan(6 * KIB)
    expect(anchors).toBeLessThan(42 * KIB)
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
