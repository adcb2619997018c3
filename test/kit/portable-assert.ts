import type { ErrorCode } from '../../sdk/errors/index.ts'

/** Assertions that read the same under vitest and under mocha in a browser. */

export function equal(actual: unknown, expected: unknown): void {
  if (!Object.is(actual, expected)) throw new Error(`expected ${String(expected)}, got ${String(actual)}`)
}

export function deepEqual(actual: unknown, expected: unknown): void {
  const [got, wanted] = [canonical(actual), canonical(expected)]
  if (got !== wanted) throw new Error(`expected ${wanted.slice(0, 500)}\n     got ${got.slice(0, 500)}`)
}

/** Text that is equal for equal values: keys in order, absent and undefined alike, bytes by type and content. */
function canonical(value: unknown): string {
  if (ArrayBuffer.isView(value)) return `${value.constructor.name}(${(value as Uint8Array).join()})`
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'undefined'
  const entries = Object.entries(value).filter(([, member]) => member !== undefined)
  return `{${entries
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([key, member]) => `${key}:${canonical(member)}`)
    .join()}}`
}

export async function failsWith(code: ErrorCode, task: Promise<unknown>): Promise<void> {
  const outcome = await task.then(
    () => 'no error',
    (error: unknown) => (error as { code?: string }).code ?? String(error)
  )
  equal(outcome, code)
}
