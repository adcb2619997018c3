/** A slice of `npm run fuzz -- tls` with fixed seeds. */
import { expect, it } from 'vitest'
import { createFlightFuzzer } from '../tls/flight-fuzzer.ts'

const SEEDS = [1, 8446]
const CASES_A_SEED = 400

it('mutated flights are refused with a code of their own, never accepted, never a hang', async () => {
  const fuzzer = await createFlightFuzzer()
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
