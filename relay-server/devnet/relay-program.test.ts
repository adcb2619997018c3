import { stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { expect, it } from 'vitest'
import { relayProgram } from './relay-program.ts'

it('is made once, whoever asks, while its sources stay as they are', async () => {
  const [first, second] = await Promise.all([relayProgram(), relayProgram()])
  expect(second).toEqual(first)
  const { ino } = await stat(dirname(first.path))
  expect(await relayProgram()).toEqual(first)
  expect((await stat(dirname(first.path))).ino).toBe(ino)
})
