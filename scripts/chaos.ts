/**
 * `npm run test:chaos [-- --seed N] [-- FILE...]`: the chaos tests at full length. Prints the seed, with which a run is repeated.
 */
import { spawnSync } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

const root = join(import.meta.dirname, '..')
const { values, positionals } = parseArgs({ allowPositionals: true, options: { seed: { type: 'string' } } })
const seed = Number(values.seed ?? randomInt(2 ** 31))
if (!Number.isSafeInteger(seed)) {
  console.error('usage: npm run test:chaos [-- --seed N] [-- FILE...]')
  process.exit(2)
}
const files = positionals.length > 0 ? positionals : ['test/chaos']
console.log(`seed ${seed}`)
const { status } = spawnSync(join(root, 'node_modules/.bin/vitest'), ['run', '--project', 'e2e', ...files], {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, CHAOS: 'long', CHAOS_SEED: String(seed) }
})
console.log(`seed ${seed}`)
process.exitCode = status ?? 1
