import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import {
  COMPILER_NAME,
  compileProgram,
  generatedFiles,
  HASH_FILE,
  hasCompiler,
  hashLine,
  readProgram
} from '../build/index.ts'

describe('what is committed', () => {
  it.skipIf(!hasCompiler())(`is what the sources give, byte for byte (needs ${COMPILER_NAME})`, () => {
    expect(hashLine(compileProgram())).toBe(hashLine(readProgram()))
  })

  it('has the hash that stands beside it', () => {
    expect(readFileSync(HASH_FILE, 'utf8')).toBe(hashLine(readProgram()))
  })

  for (const { path, content } of generatedFiles()) {
    it(`${path.split('/').slice(-2).join('/')} is what the interface description gives`, () => {
      expect(readFileSync(path, 'utf8')).toBe(content)
    })
  }
})
