import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkCode } from './check-code.ts'
import { link } from './link.ts'
import { LinkError } from './link-error.ts'
import { murmur3, syscallNumber } from './syscalls.ts'
import { writeProgram } from './write-program.ts'

const COMPILER = 'clang-19'
const hasCompiler = spawnSync(COMPILER, ['--version']).status === 0

function compile(source: string, ...options: string[]): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), 'craftec-link-'))
  try {
    const [input, output] = [join(folder, 'a.c'), join(folder, 'a.o')]
    writeFileSync(input, source)
    const argv = ['-target', 'bpf', '-mcpu=v2', '-O2', '-ffreestanding', ...options, '-c', input, '-o', output]
    const { status, stderr } = spawnSync(COMPILER, argv, { encoding: 'utf8' })
    if (status !== 0) throw new Error(stderr)
    return readFileSync(output)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function reasonOf(attempt: () => unknown): string | undefined {
  try {
    attempt()
    return undefined
  } catch (error) {
    if (error instanceof LinkError) return error.reason
    throw error
  }
}

function linkOrReason(object: Uint8Array): Uint8Array | string {
  try {
    return link(object)
  } catch (error) {
    if (error instanceof LinkError) return error.reason
    throw error
  }
}

/** One instruction: opcode, registers, offset, immediate. */
function code(...instructions: readonly (readonly [number, number, number, number])[]): Uint8Array {
  const bytes = new Uint8Array(instructions.length * 8)
  const view = new DataView(bytes.buffer)
  for (const [i, [opcode, registers, offset, immediate]] of instructions.entries()) {
    view.setUint8(i * 8, opcode)
    view.setUint8(i * 8 + 1, registers)
    view.setInt16(i * 8 + 2, offset, true)
    view.setInt32(i * 8 + 4, immediate, true)
  }
  return bytes
}

describe('syscall numbers', () => {
  it('are MurmurHash3 as Appleby publishes it', () => {
    expect(murmur3('')).toBe(0)
    expect(murmur3('a')).toBe(0x3c2569b2)
    expect(murmur3('abc')).toBe(0xb3dd93fa)
    expect(murmur3('The quick brown fox jumps over the lazy dog')).toBe(0x2e4ff723)
  })

  it('exist only for syscalls that the program uses', () => {
    expect(syscallNumber('sol_sha256')).toBe(0x11f49d86)
    expect(syscallNumber('sol_get_epoch_schedule_sysvar')).toBeUndefined()
  })
})

describe('the code check', () => {
  const forbidden: readonly (readonly [string, number, number])[] = [
    ['32-bit arithmetic, which Solana extends by the sign', 0x04, 0],
    ['a 32-bit jump', 0x16, 0],
    ['an atomic addition', 0xdb, 0],
    ['a sign-extending load', 0x91, 0],
    ['a packet load', 0x20, 0],
    ['a call through a register', 0x8d, 0],
    ['a signed division', 0x37, 1]
  ]
  for (const [what, opcode, offset] of forbidden) {
    it(`refuses ${what}`, () => {
      expect(reasonOf(() => checkCode(code([opcode, 0, offset, 0])))).toBe('forbidden-instruction')
    })
  }

  it('does not take the second half of a wide load for an instruction', () => {
    expect(reasonOf(() => checkCode(code([0x18, 0, 0, 4], [0x04, 0, 0, 0])))).toBeUndefined()
  })

  it('refuses a frame larger than the runtime gives', () => {
    const store = (offset: number) => code([0x7b, 0x1a, offset, 0])
    expect(reasonOf(() => checkCode(store(-4096)))).toBeUndefined()
    expect(reasonOf(() => checkCode(store(-4104)))).toBe('frame-too-large')
    expect(reasonOf(() => checkCode(code([0x79, 0xa1, -4104, 0])))).toBe('frame-too-large')
  })
})

describe('the program file', () => {
  it('is the same for the same input and starts where it says', () => {
    const program = writeProgram(code([0xb7, 0, 0, 0], [0x95, 0, 0, 0]), new Uint8Array(8), 8)
    const view = new DataView(program.buffer)
    expect(program).toEqual(writeProgram(code([0xb7, 0, 0, 0], [0x95, 0, 0, 0]), new Uint8Array(8), 8))
    expect(view.getUint32(48, true)).toBe(3)
    expect(view.getBigUint64(24, true)).toBe(0x1_0000_0008n)
    expect(program).toHaveLength(64 + 2 * 56 + 8 + 16)
  })
})

describe.skipIf(!hasCompiler)(`linking (needs ${COMPILER})`, () => {
  const minimal = 'unsigned long long entrypoint(unsigned char *input) { return input[0]; }'

  it('makes the same bytes from the same source', () => {
    expect(link(compile(minimal))).toEqual(link(compile(minimal)))
  })

  it('refuses what a program cannot have', () => {
    const refusals = {
      'writable-data': 'int counter = 1; int entrypoint(void) { return ++counter; }',
      'unknown-syscall': 'int sol_launch_(void); int entrypoint(void) { return sol_launch_(); }',
      'unknown-symbol': 'extern const int elsewhere; int entrypoint(void) { return elsewhere; }',
      'no-entrypoint': 'int main(void) { return 0; }'
    }
    for (const [reason, source] of Object.entries(refusals)) expect(reasonOf(() => link(compile(source)))).toBe(reason)
  })

  it('refuses code for a later BPF, whose 32-bit arithmetic means something else here', () => {
    const source = 'unsigned entrypoint(unsigned *p) { return p[0] + p[1] < 7 ? p[2] : p[3]; }'
    expect(reasonOf(() => link(compile(source, '-mcpu=v3')))).toBe('forbidden-instruction')
  })

  it('refuses every file that is none, and never links a truncated one to another program', () => {
    expect(reasonOf(() => link(new Uint8Array()))).toBe('not-an-object')
    expect(
      reasonOf(() => link(new TextEncoder().encode('not an object file, but long enough to hold a header of one....')))
    ).toBe('not-an-object')
    const object = compile(minimal)
    const whole = link(object)
    fc.assert(
      fc.property(fc.nat({ max: object.length - 1 }), length => {
        // The last bytes belong to fields that nothing reads.
        const linked = linkOrReason(object.subarray(0, length))
        if (typeof linked !== 'string') expect(linked).toEqual(whole)
      }),
      { numRuns: 200 }
    )
  })
})
