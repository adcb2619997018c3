/** Compiles and links the program from its sources: the same bytes on every machine with the same clang. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { link } from '../linker/index.ts'

const COMPILER = 'clang-19'
const VERSION = '19.1.7'
/** For messages. */
export const COMPILER_NAME = `${COMPILER} ${VERSION}`
const SOURCES = join(import.meta.dirname, '../src')
const COMPILE_TIMEOUT_MS = 60_000
const OPTIONS = [
  '-target',
  'bpf',
  // Not v3: its 32-bit arithmetic means something else on Solana (see linker/check-code.ts).
  '-mcpu=v2',
  '-std=c23',
  // Measured beside -O2: 58 % of the bytes, whose rent the deployer pays, for 2 to 4 % more compute of the large instructions and up to 31 % of small ones.
  '-Oz',
  '-ffreestanding',
  '-fno-builtin',
  // Account data is read as structs at whatever place the runtime gives it.
  '-fno-strict-aliasing',
  '-fno-jump-tables',
  '-fno-unwind-tables',
  '-fno-asynchronous-unwind-tables',
  '-mllvm',
  '-bpf-stack-size=4096',
  '-Wall',
  '-Wextra',
  '-Werror'
]

/** Whether the one compiler whose output is committed is installed; another version may write other bytes. */
export function hasCompiler(): boolean {
  const { status, stdout } = spawnSync(COMPILER, ['--version'], { encoding: 'utf8' })
  return status === 0 && stdout.includes(`version ${VERSION}`)
}

/**
 * @returns the program file
 * @throws Error with the compiler's words when the sources do not compile
 * @throws LinkError when they compile to something a program cannot have
 */
export function compileProgram(): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), 'craftec-program-'))
  try {
    const object = join(folder, 'program.o')
    // A relative source keeps this machine's paths out of the object.
    const { status, error, stderr } = spawnSync(COMPILER, [...OPTIONS, '-c', 'program.c', '-o', object], {
      cwd: SOURCES,
      timeout: COMPILE_TIMEOUT_MS,
      encoding: 'utf8'
    })
    if (status !== 0) throw new Error(`${COMPILER} failed: ${error?.message ?? stderr}`)
    return link(readFileSync(object))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
