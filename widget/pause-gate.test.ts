import { describe, expect, it } from 'vitest'
import { PauseGate } from './pause-gate.ts'

describe('a pause gate', () => {
  it('lets pass while it is open', async () => {
    await expect(new PauseGate().pass(new AbortController().signal)).resolves.toBeUndefined()
  })

  it('holds until it is opened again', async () => {
    const gate = new PauseGate()
    gate.pause()
    let passed = false
    const waiting = gate.pass(new AbortController().signal).then(() => {
      passed = true
    })
    await Promise.resolve()
    expect([gate.paused, passed]).toEqual([true, false])
    gate.resume()
    await waiting
    expect(gate.paused).toBe(false)
  })

  it('gives way to an abort', async () => {
    const gate = new PauseGate()
    const controller = new AbortController()
    gate.pause()
    const waiting = gate.pass(controller.signal)
    controller.abort()
    await expect(waiting).rejects.toMatchObject({ code: 'aborted' })
  })
})
