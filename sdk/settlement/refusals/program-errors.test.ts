import { expect, it } from 'vitest'
import { idl } from '../../../test/kit/settlement-idl.ts'
import { FIRST_PROGRAM_ERROR, PROGRAM_ERRORS } from './program-errors.ts'

it('names every error of the program as the program does', () => {
  expect(idl.errors.map(({ code, name, msg }) => [code, name, msg])).toEqual(
    PROGRAM_ERRORS.map(([name, meaning], index) => [FIRST_PROGRAM_ERROR + index, name, meaning])
  )
  for (const [name, , advice] of PROGRAM_ERRORS) expect(advice.length, name).toBeGreaterThan(10)
})
