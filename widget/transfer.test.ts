import { describe, expect, it } from 'vitest'
import { CraftecError } from '../sdk/errors/index.ts'
import { Transfer } from './transfer.ts'

const clock = { monotonic: () => 0 }

describe('a transfer', () => {
  it('tells how far its work is, and how it ended', async () => {
    const seen: string[] = []
    const transfer = new Transfer(clock, undefined, () => seen.push(`${transfer.state.status} ${transfer.bytes}`))
    const result = await transfer.run(async work => {
      work.progress(5, 10)
      return 'result'
    })
    expect(result).toBe('result')
    expect(seen).toEqual(['running 0', 'running 5', 'done 5'])
    expect(transfer.total).toBe(10)
  })

  it('keeps the error that its work ended with', async () => {
    const transfer = new Transfer(clock, 1, () => {})
    await transfer.run(async () => {
      throw new CraftecError('storage-full', 'no room')
    })
    expect(transfer.state).toMatchObject({ status: 'failed', error: { code: 'storage-full' } })
  })

  it('holds its work while it is paused, and goes on afterwards', async () => {
    const transfer = new Transfer(clock, 1, () => {})
    transfer.pause()
    let went = false
    const running = transfer.run(async work => {
      await work.pass()
      went = true
    })
    await Promise.resolve()
    expect(went).toBe(false)
    transfer.resume()
    await running
    expect(went).toBe(true)
  })

  it('is cancelled once, whatever its work says afterwards', async () => {
    const transfer = new Transfer(clock, 1, () => {})
    const running = transfer.run(async ({ signal }) => {
      expect(signal.aborted).toBe(false)
      transfer.cancel()
      expect(signal.aborted).toBe(true)
      return 'late'
    })
    await expect(running).resolves.toBeUndefined()
    expect(transfer.state).toEqual({ status: 'cancelled' })
  })

  it('that was cancelled before it began never begins', async () => {
    const transfer = new Transfer(clock, 1, () => {})
    transfer.cancel()
    let begun = false
    await transfer.run(async () => {
      begun = true
    })
    expect(begun).toBe(false)
  })
})
