import type { Clock } from '../../async/index.ts'
import { pause } from './pause.ts'

export interface FirstAnswerOptions {
  readonly clock: Clock
  readonly signal: AbortSignal
  /** How long one is waited for before the next is asked as well; undefined: until it has answered. */
  readonly patienceMs: number | undefined
}

/** Asked at once, while none of them answers. */
const MAX_AT_ONCE = 4

/**
 * Ask one after another until one has what is wanted. Who is slow does not hold up the others: after a while the next one is asked as well,
 * and the first answer counts. The next one is looked for while one is asked.
 * @param ask resolves to undefined when there it is not; its signal fires when the answer is no longer needed
 * @returns undefined when nobody has it
 * @throws whatever `ask` and `candidates` throw, as they do when `signal` fires
 */
export async function firstAnswer<Candidate, Answer extends object>(
  candidates: AsyncIterable<Candidate>,
  ask: (candidate: Candidate, signal: AbortSignal) => Promise<Answer | undefined>,
  { clock, signal, patienceMs }: FirstAnswerOptions
): Promise<Answer | undefined> {
  const over = new AbortController()
  const inner = AbortSignal.any([signal, over.signal])
  const running = new Set<Promise<void>>()
  const { promise: settled, resolve, reject } = Promise.withResolvers<void>()
  settled.catch(() => {})
  let answer: Answer | undefined
  const begin = (candidate: Candidate): Promise<void> => {
    const asking = ask(candidate, inner)
      .then(found => {
        answer ??= found
        if (found) resolve()
      }, reject)
      .finally(() => running.delete(asking))
    running.add(asking)
    return asking
  }
  const iterator = candidates[Symbol.asyncIterator]()
  const look = (): Promise<IteratorResult<Candidate>> => {
    const looking = iterator.next()
    // it may fail while nobody waits for it
    looking.catch(() => {})
    return looking
  }
  try {
    for (let next = look(); ; ) {
      const result = await Promise.race([settled, next])
      if (!result || result.done) break
      const asking = begin(result.value)
      next = look()
      const patience = patienceMs === undefined ? [] : [pause(clock, patienceMs, inner)]
      await Promise.race([settled, asking, ...patience])
      if (running.size >= MAX_AT_ONCE) await Promise.race([settled, ...running])
    }
    await Promise.race([settled, Promise.all(running)])
    return answer
  } finally {
    over.abort()
    // not awaited: a relay that is still asked would hold up whoever has found enough
    iterator.return?.().catch(() => {})
  }
}
