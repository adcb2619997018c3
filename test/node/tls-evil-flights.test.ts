/** A slice of `npm run fuzz -- tls` with fixed seeds. */
import { expect, it } from 'vitest'
import { createFlightFuzzer } from '../tls/flight-fuzzer.ts'
import { judgeMemory } from '../tls/memory-verdict.ts'

const SEEDS = [1, 8446]
const CASES_A_SEED = 1000
/** Memory in use, in MiB. */
const flat = (at: number) => ({ heapBytes: (40 + Math.sin(at)) * 2 ** 20, residentBytes: 200 * 2 ** 20 })

it('mutated flights are refused with a code of their own, never accepted, never a hang', async () => {
  using fuzzer = await createFlightFuzzer()
  const verdicts = new Map<string, number>()
  for (const seed of SEEDS)
    for (let number = 0; number < CASES_A_SEED; number++) {
      const verdict = await fuzzer.run(seed, number)
      if (verdict.kind === 'wrong') expect.fail(`--seed ${seed} --case ${number}: ${verdict.what}`)
      const kind = verdict.kind === 'refused' ? verdict.code : verdict.kind
      verdicts.set(kind, (verdicts.get(kind) ?? 0) + 1)
    }
  // The mutations reach all layers: records, messages, certificates, and the end of the stream.
  expect([...verdicts.keys()]).toEqual(
    expect.arrayContaining(['tls-protocol-violation', 'tls-truncated', 'tls-certificate-invalid'])
  )
})

it('a verdict is the same on WebCrypto as on the synchronous engine that fuzzing uses', async () => {
  const verdicts: unknown[] = []
  for (const crypto of ['webcrypto', 'synchronous'] as const) {
    using fuzzer = await createFlightFuzzer({ crypto })
    const all: unknown[] = []
    for (let number = 0; number < 200; number++) all.push(await fuzzer.run(3, number))
    verdicts.push(all)
  }
  expect(verdicts[1]).toEqual(verdicts[0])
})

it('memory that grows with the flights is told from memory that only sways', () => {
  const run = (sample: typeof flat) => judgeMemory(Array.from({ length: 50 }, (_, at) => sample(at)))
  expect(run(flat)?.flat).toBe(true)
  // 12 bytes a flight in a million flights.
  expect(run(at => ({ ...flat(at), heapBytes: flat(at).heapBytes + at * 20_000 * 12 }))?.flat).toBe(false)
  expect(run(at => ({ ...flat(at), residentBytes: 2 ** 27 + at * 2 ** 21 }))?.flat).toBe(false)
  expect(judgeMemory([flat(1)])).toBeUndefined()
})
