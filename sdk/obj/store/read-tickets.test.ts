import { describe, expect, it } from 'vitest'
import { ReadTickets } from './read-tickets.ts'

function pending(): { promise: Promise<void>; end: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>()
  return { promise, end: resolve }
}

describe('read tickets', () => {
  it('hold back what was freed while reads run that began before, and only those', async () => {
    const tickets = new ReadTickets()
    const released: string[] = []
    const [first, second, third] = [pending(), pending(), pending()]
    const reads = [tickets.reading(() => first.promise), tickets.reading(() => second.promise)]
    tickets.afterReads(() => released.push('early'))
    reads.push(tickets.reading(() => third.promise))
    tickets.afterReads(() => released.push('late'))
    second.end()
    await reads[1]
    expect(released).toEqual([])
    first.end()
    await reads[0]
    expect(released).toEqual(['early'])
    third.end()
    await reads[2]
    expect(released).toEqual(['early', 'late'])
  })

  it('release at once when nobody reads, and after a read that fails', async () => {
    const tickets = new ReadTickets()
    let released = 0
    tickets.afterReads(() => released++)
    expect(released).toBe(1)
    const failing = tickets.reading(async () => {
      throw new RangeError('gone')
    })
    tickets.afterReads(() => released++)
    await expect(failing).rejects.toThrow('gone')
    expect(released).toBe(2)
  })
})
