import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { configOptions, loadConfig } from '../config/index.ts'

const EXAMPLE = fileURLToPath(new URL('./config.yaml', import.meta.url))

describe('the example configuration', () => {
  it('is valid and says exactly what the defaults are', async () => {
    expect(await loadConfig({ file: EXAMPLE })).toEqual(await loadConfig({}))
  })

  it('shows every setting there is', async () => {
    const text = await readFile(EXAMPLE, 'utf8')
    const missing = configOptions().filter(({ path }) => !new RegExp(`^\\s*(# )?${path.at(-1)}:`, 'm').test(text))
    expect(missing).toEqual([])
  })
})
