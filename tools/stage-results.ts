/** What one stage of `npm test` found, whichever runner ran it. */
export interface Counts {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

export const NOTHING: Counts = { passed: 0, failed: 0, skipped: 0 }

interface VitestTest {
  readonly status: string
  readonly fullName: string
  readonly failureMessages: readonly string[] | null
}

interface VitestFile {
  readonly name: string
  readonly status: string
  /** Why the file itself failed: it did not load, a hook threw. */
  readonly message: string
  readonly assertionResults: readonly VitestTest[]
}

export interface VitestReport {
  readonly testResults: readonly VitestFile[]
}

export function add(left: Counts, right: Counts): Counts {
  return {
    passed: left.passed + right.passed,
    failed: left.failed + right.failed,
    skipped: left.skipped + right.skipped
  }
}

/** A file that failed without a failed test (it did not load, a hook threw) counts as one failure. */
export function countVitest(report: VitestReport): Counts {
  return report.testResults.reduce((sum, file) => {
    const states = file.assertionResults.map(({ status }) => status)
    const failed = states.filter(state => state === 'failed').length
    return add(sum, {
      passed: states.filter(state => state === 'passed').length,
      failed: failed === 0 && file.status === 'failed' ? 1 : failed,
      skipped: states.filter(state => state !== 'passed' && state !== 'failed').length
    })
  }, NOTHING)
}

/** What failed and why, a line or a few each: the first thing to read in a long output. */
export function vitestFailures(report: VitestReport): string[] {
  return report.testResults.flatMap(({ name, status, message, assertionResults }) => {
    const failed = assertionResults.filter(test => test.status === 'failed')
    const tests = failed.map(test => `${name}: ${test.fullName}\n${(test.failureMessages ?? []).join('\n')}`)
    return tests.length === 0 && status === 'failed' ? [`${name}: the file failed\n${message}`] : tests
  })
}

/**
 * The verdict on a command that reports counts: it is believed about its tests, its exit code about everything else.
 * A runner that crashed, or says it is green without having run anything, has failed.
 */
export function judge(code: number | undefined, counts: Counts | undefined): Counts {
  if (counts === undefined) return { ...NOTHING, failed: 1 }
  const crashed = code !== 0 && counts.failed === 0
  const empty = counts.passed + counts.failed === 0
  return crashed || empty ? { ...counts, failed: counts.failed + 1 } : counts
}

export function describeCounts({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`
}
