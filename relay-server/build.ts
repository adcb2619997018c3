/** Builds dist/: the command `craftec-relay` and the module `craftec-relay/devnet`. */
import { rm } from 'node:fs/promises'
import { bundleRelay, RELAY_PROGRAMS } from './bundle-relay.ts'
import manifest from './package.json' with { type: 'json' }

const folder = new URL('./dist/', import.meta.url)
await rm(folder, { recursive: true, force: true })
await bundleRelay({
  entries: { ...RELAY_PROGRAMS, devnet: new URL('./devnet/index.ts', import.meta.url) },
  folder,
  external: Object.keys(manifest.dependencies),
  splitting: true
})
