import { describe, expect, it } from 'vitest'
import { systemRandom } from '../../sdk/async/index.ts'
import { createCodecHost } from './codec-host.ts'

const K = 8
const PIECE_BYTES = 16_384
/** Several slices of work without WebAssembly. */
const job = () => ({ source: systemRandom(K * PIECE_BYTES), k: K, pieceBytes: PIECE_BYTES, count: 64 })

async function startedHost() {
  const host = createCodecHost()
  expect(await host.start({ engine: 'js' })).toEqual({ value: 'js' })
  return host
}

describe('a codec host', () => {
  it('does its jobs one after the other, in the order they came', async () => {
    const host = await startedHost()
    const log: string[] = []
    const names = ['a', 'b', 'c']
    await Promise.all(
      names.map(async (name, id) => {
        const outcome = await host.encode(id, job(), fraction => fraction < 1 && log.push(name))
        expect(outcome).toHaveProperty('value')
        log.push(`${name} is done`)
      })
    )
    const withoutRepeats = log.filter((entry, index) => entry !== log[index - 1])
    expect(withoutRepeats).toEqual(names.flatMap(name => [name, `${name} is done`]))
  })

  it('answers at once when a job is cancelled whose turn has not come, and keeps the order of the others', async () => {
    const host = await startedHost()
    const log: string[] = []
    const jobs = [0, 1, 2].map(async id => {
      const outcome = await host.encode(id, job(), fraction => fraction < 1 && log.push(`${id}`))
      log.push('error' in outcome ? `${id} ${outcome.error.code}` : `${id} is done`)
    })
    host.cancel(1)
    await jobs[1]
    expect(log.at(-1)).toBe('1 aborted')
    expect(log).not.toContain('0 is done')
    await Promise.all(jobs)
    expect(log.filter(entry => entry.length > 1)).toEqual(['1 aborted', '0 is done', '2 is done'])
    expect(log.indexOf('2')).toBeGreaterThan(log.indexOf('0 is done'))
  })

  it('goes on after a job that failed', async () => {
    const host = await startedHost()
    const outcomes = await Promise.all([host.encode(1, { ...job(), k: 129 }), host.encode(2, job())])
    expect(outcomes).toMatchObject([{ error: { code: 'invalid-argument' } }, { value: {} }])
  })

  it('refuses work before it was started', async () => {
    expect(await createCodecHost().encode(1, job())).toMatchObject({ error: { code: 'internal' } })
  })
})
