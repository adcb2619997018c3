import { describe, expect, it } from 'vitest'
import { countSessions } from './json-reporter.ts'

const test = (passed: boolean, skipped = false) => ({ name: 'a test', passed, skipped })

describe('countSessions', () => {
  it('adds up tests of nested suites', () => {
    const inner = { suites: [], tests: [test(true), test(false, true)] }
    const sessions = [{ passed: true, testResults: { suites: [inner], tests: [test(true)] } }]
    expect(countSessions(sessions)).toEqual({ passed: 2, failed: 0, skipped: 1 })
  })

  it('counts a failed test once, not again for its session', () => {
    const sessions = [{ passed: false, testResults: { suites: [], tests: [test(false), test(true)] } }]
    expect(countSessions(sessions)).toEqual({ passed: 1, failed: 1, skipped: 0 })
  })

  it('counts a file that threw before any test, or has none, as a failure', () => {
    expect(countSessions([{ passed: false }])).toEqual({ passed: 0, failed: 1, skipped: 0 })
    expect(countSessions([{ passed: true, testResults: { suites: [], tests: [] } }])).toEqual({
      passed: 0,
      failed: 1,
      skipped: 0
    })
  })

  it('counts a file whose tests passed but whose page then broke as a failure', () => {
    const sessions = [{ passed: false, testResults: { suites: [], tests: [test(true)] } }]
    expect(countSessions(sessions)).toEqual({ passed: 1, failed: 1, skipped: 0 })
  })
})
