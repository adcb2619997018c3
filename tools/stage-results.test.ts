import { describe, expect, it } from 'vitest'
import { countVitest, describeCounts, judge, vitestFailures } from './stage-results.ts'

const file = (status: string, ...states: string[]) => ({
  name: 'a.test.ts',
  status,
  message: 'port in use',
  assertionResults: states.map(state => ({ status: state, fullName: `is ${state}`, failureMessages: ['expected 1'] }))
})

describe('countVitest', () => {
  it('adds up tests by state', () => {
    const report = {
      testResults: [file('passed', 'passed', 'passed', 'pending'), file('failed', 'failed', 'passed', 'todo')]
    }
    expect(countVitest(report)).toEqual({ passed: 3, failed: 1, skipped: 2 })
  })

  it('counts a file that did not load as a failure', () => {
    expect(countVitest({ testResults: [file('failed')] })).toEqual({ passed: 0, failed: 1, skipped: 0 })
  })
})

describe('vitestFailures', () => {
  it('names failed tests with their messages, and no others', () => {
    expect(vitestFailures({ testResults: [file('failed', 'passed', 'failed')] })).toEqual([
      'a.test.ts: is failed\nexpected 1'
    ])
  })

  it('says why a file without a failed test failed', () => {
    const report = { testResults: [file('failed', 'pending'), file('passed', 'passed')] }
    expect(vitestFailures(report)).toEqual(['a.test.ts: the file failed\nport in use'])
  })
})

describe('judge', () => {
  const green = { passed: 3, failed: 0, skipped: 1 }

  it('believes counts that agree with the exit code', () => {
    expect(judge(0, green)).toEqual(green)
    expect(judge(1, { ...green, failed: 2 })).toEqual({ ...green, failed: 2 })
  })

  it('fails a runner that crashed, was killed, wrote no report or ran nothing', () => {
    expect(judge(1, green).failed).toBe(1)
    expect(judge(undefined, green).failed).toBe(1)
    expect(judge(0, undefined).failed).toBe(1)
    expect(judge(0, { passed: 0, failed: 0, skipped: 5 }).failed).toBe(1)
  })
})

describe('describeCounts', () => {
  it('names skipped tests only when there are any', () => {
    expect(describeCounts({ passed: 2, failed: 0, skipped: 0 })).toBe('2 passed, 0 failed')
    expect(describeCounts({ passed: 2, failed: 1, skipped: 3 })).toBe('2 passed, 1 failed, 3 skipped')
  })
})
