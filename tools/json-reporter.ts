/** Web Test Runner reporter: counts and failures as JSON, for `npm test` to add up. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

interface TestResult {
  readonly name: string
  readonly passed: boolean
  readonly skipped: boolean
}

interface SuiteResult {
  readonly suites: readonly SuiteResult[]
  readonly tests: readonly TestResult[]
}

interface Session {
  readonly passed?: boolean
  readonly testResults?: SuiteResult
}

export interface BrowserCounts {
  passed: number
  failed: number
  skipped: number
}

/** Add up sessions; a session (one test file) that failed outside its tests, or ran none, is one failure. */
export function countSessions(sessions: readonly Session[]): BrowserCounts {
  const counts: BrowserCounts = { passed: 0, failed: 0, skipped: 0 }
  for (const session of sessions) {
    const before = counts.failed
    const tests = session.testResults === undefined ? [] : allTests(session.testResults)
    for (const test of tests) {
      if (test.skipped) counts.skipped++
      else if (test.passed) counts.passed++
      else counts.failed++
    }
    const failedOutside = session.passed !== true && counts.failed === before
    if (failedOutside || tests.length === 0) counts.failed++
  }
  return counts
}

function allTests(suite: SuiteResult): TestResult[] {
  return [...suite.tests, ...suite.suites.flatMap(allTests)]
}

export function jsonReporter(options: { file: string }): {
  onTestRunFinished(run: { sessions: readonly Session[] }): void
} {
  return {
    onTestRunFinished({ sessions }) {
      mkdirSync(dirname(options.file), { recursive: true })
      writeFileSync(options.file, `${JSON.stringify(countSessions(sessions))}\n`)
    }
  }
}
