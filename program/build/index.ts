export { HASH_FILE, hashLine, PROGRAM_FILE, readProgram } from './artifact.ts'
export { COMPILER_NAME, compileProgram, hasCompiler } from './compile.ts'
export { generatedFiles } from './generated.ts'
