export { HASH_FILE, hashLine, PROGRAM_FILE, readProgram } from './artifact.ts'
export { COMPILER, compileProgram, hasCompiler } from './compile.ts'
export { generatedFiles } from './generated.ts'
