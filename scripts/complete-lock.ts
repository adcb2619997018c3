/** Adds the platform packages that npm left out of package-lock.json; with `--check` only tells. Run it after `npm install`. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { missingEntries } from '../tools/lock-completion.ts'

const file = join(import.meta.dirname, '../package-lock.json')
const lock = JSON.parse(readFileSync(file, 'utf8'))
const missing = missingEntries(lock.packages)
const names = Object.keys(missing)

if (process.argv.includes('--check')) {
  if (names.length > 0) console.error(`package-lock.json lacks ${names.join(', ')}\nrun: node scripts/complete-lock.ts`)
  process.exitCode = names.length > 0 ? 1 : 0
} else if (names.length > 0) {
  const packages = { ...lock.packages, ...missing }
  const sorted = Object.keys(packages).sort((left, right) => (left < right ? -1 : 1))
  lock.packages = Object.fromEntries(sorted.map(path => [path, packages[path]]))
  writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`)
  console.log(`package-lock.json: added ${names.length} platform packages`)
}
