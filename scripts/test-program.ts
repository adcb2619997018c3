/**
 * `npm run test:program [-- --steps 20000] [-- --record]`: the tests of the on-chain program, with a long run of random instruction
 * sequences against the model. `--record` writes the table of compute units anew.
 */
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { measureComputeUnits } from '../program/kit/index.ts'

const { values } = parseArgs({
  options: { steps: { type: 'string', default: '20000' }, record: { type: 'boolean', default: false } }
})
const root = join(import.meta.dirname, '..')

if (values.record) {
  writeFileSync(join(root, 'program/compute-units.json'), `${JSON.stringify(measureComputeUnits(), null, 2)}\n`)
}
const { status } = spawnSync(join(root, 'node_modules/.bin/vitest'), ['run', '--project', 'program'], {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, PROGRAM_TEST_STEPS: values.steps }
})
process.exitCode = status ?? 1
