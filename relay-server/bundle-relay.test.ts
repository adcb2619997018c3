import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, it } from 'vitest'
import { bundleRelay, RELAY_PROGRAMS } from './bundle-relay.ts'

it('puts the WebAssembly kernels beside the bundle, where the bundle looks for them', async () => {
  const path = await mkdtemp(join(tmpdir(), 'craftec-bundle-'))
  try {
    const folder = pathToFileURL(`${path}/out/`)
    await bundleRelay({ entries: RELAY_PROGRAMS, folder, external: ['pino', 'prom-client'], splitting: false })
    const program = await readFile(new URL('cli.js', folder), 'utf8')
    const wanted = [...program.matchAll(/new URL\(["']([^"']+\.wasm)["'], import\.meta\.url\)/g)].map(
      ([, address]) => address
    )
    expect(wanted).toContain('./chacha20-poly1305.wasm')
    for (const address of wanted) expect(await readdir(folder)).toContain(address?.slice('./'.length))
  } finally {
    await rm(path, { recursive: true, force: true })
  }
})
