/**
 * `npm run test:chaos -- [--seed N] [--rounds N] [FILE...]`: the chaos tests, at full length unless told otherwise. Prints the seed,
 * with which a run is repeated.
 */
import { spawnSync } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

const root = join(import.meta.dirname, '..')
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seed: { type: 'string' }, rounds: { type: 'string' } }
})
const seed = Number(values.seed ?? randomInt(2 ** 31))
const rounds = values.rounds ?? 'long'
if (!Number.isSafeInteger(seed) || !/^(long|[1-9]\d*)$/.test(rounds)) {
  console.error('usage: npm run test:chaos -- [--seed N] [--rounds N] [FILE...]')
  process.exit(2)
}
console.log(`seed ${seed}`)
const { status } = spawnSync(join(root, 'node_modules/.bin/vitest'), ['run', '--project', 'chaos', ...positionals], {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, CHAOS: rounds, CHAOS_SEED: String(seed) }
})
console.log(`seed ${seed}`)
process.exitCode = status ?? 1
