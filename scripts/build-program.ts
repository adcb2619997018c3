/**
 * `npm run build:program`: the on-chain program and what is made from its interface description (C headers, tables of the
 * protocol document). The result is committed; a test compares it byte for byte.
 */
import { writeFileSync } from 'node:fs'
import {
  COMPILER_NAME,
  compileProgram,
  generatedFiles,
  HASH_FILE,
  hasCompiler,
  hashLine,
  PROGRAM_FILE
} from '../program/build/index.ts'

for (const { path, content } of generatedFiles()) writeFileSync(path, content)
if (hasCompiler()) {
  const program = compileProgram()
  writeFileSync(PROGRAM_FILE, program)
  writeFileSync(HASH_FILE, hashLine(program))
  console.log(`${program.length} bytes, sha256 ${hashLine(program).slice(0, 64)}`)
} else {
  console.error(`${COMPILER_NAME} is not installed (Debian: apt-get install clang-19); the program was not rebuilt.`)
  process.exitCode = 1
}
