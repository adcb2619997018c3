import type { ControlAnswer } from './serve-control.ts'

/** One measurement of the Node half behind `url`. @throws Error with what went wrong there */
export async function askControl(
  url: string,
  call: string,
  kind: string,
  signal: AbortSignal
): Promise<number | readonly number[]> {
  const response = await fetch(`${url}/?${new URLSearchParams({ call, kind })}`, { signal })
  const answer: ControlAnswer = await response.json()
  if ('error' in answer) throw new Error(answer.error)
  const { figure } = answer
  if (typeof figure === 'number' || isNumbers(figure)) return figure
  throw new Error(`${call}: a number expected, got ${JSON.stringify(figure)}`)
}

function isNumbers(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every(entry => typeof entry === 'number')
}
