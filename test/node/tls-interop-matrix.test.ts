import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { FEATURES, interopTable, SERVERS } from '../tls/interop.ts'

it('docs/tls.md shows the table of what is tested with which server', () => {
  expect(readFileSync(join(import.meta.dirname, '../../docs/tls.md'), 'utf8')).toContain(interopTable())
})

it('what a server lacks is named as the feature is', () => {
  const titles = FEATURES.map(({ title }) => title)
  expect(titles).toEqual(expect.arrayContaining(Object.values(SERVERS).flat()))
  // Whatever we claim, somebody proves.
  for (const title of titles)
    expect(Object.values<readonly string[]>(SERVERS).some(lacking => !lacking.includes(title))).toBe(true)
})
