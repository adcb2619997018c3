import { defineConfig } from 'vitest/config'

const LINK_TESTS = 'test/e2e/{p2p-*,webtransport}.test.ts'

/** No retries anywhere: a test that fails sometimes is a defect of the test or of the code, and both need mending. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          environment: 'node',
          include: [
            'sdk/**/*.test.ts',
            'relay-server/**/*.test.ts',
            'chain/**/*.test.ts',
            'workers/**/*.test.ts',
            'widget/**/*.test.ts',
            'wasm/**/*.test.ts',
            'tools/**/*.test.ts',
            'scripts/**/*.test.ts',
            'test/vectors/**/*.test.ts',
            'test/bench/**/*.test.ts'
          ],
          // Files share their modules: loading them again for each file took a third of the time.
          isolate: false,
          // far more than any test needs: other stages run beside this one, on machines that others use
          testTimeout: 60_000,
          hookTimeout: 60_000,
          retry: 0
        }
      },
      {
        test: {
          name: 'program',
          environment: 'node',
          include: ['program/**/*.test.ts'],
          testTimeout: 30_000,
          hookTimeout: 30_000,
          retry: 0
        }
      },
      // Real relays in this process or in processes of their own.
      oneByOne({ name: 'node', include: ['test/node/**/*.test.ts'], order: 1, timeoutMs: 60_000 }),
      // Tests that measure the process they run in, or that need what is loaded once in it as new.
      oneByOne({ name: 'apart', include: ['test/apart/**/*.test.ts'], order: 2, timeoutMs: 60_000, isolate: true }),
      // Browsers and their links.
      oneByOne({ name: 'links', include: [LINK_TESTS], order: 3, timeoutMs: 90_000 }),
      // Whole networks and browsers.
      oneByOne({
        name: 'e2e',
        include: ['test/e2e/**/*.test.ts'],
        exclude: [LINK_TESTS],
        order: 4,
        timeoutMs: 90_000
      }),
      oneByOne({ name: 'chaos', include: ['test/chaos/**/*.test.ts'], order: 5, timeoutMs: 90_000 })
    ],
    // The default leaves a core idle; files that must be alone say so with fileParallelism.
    maxWorkers: '100%',
    allowOnly: false
  }
})

interface SerialProject {
  readonly name: string
  readonly include: string[]
  readonly exclude?: string[]
  readonly order: number
  readonly timeoutMs: number
  /** A process for each file. Default: one for all, with modules loaded once. */
  readonly isolate?: boolean
}

/** Files that would measure each other if they ran beside each other. */
function oneByOne({ name, include, exclude = [], order, timeoutMs, isolate = false }: SerialProject) {
  return {
    test: {
      name,
      environment: 'node' as const,
      include,
      exclude,
      isolate,
      fileParallelism: false,
      sequence: { groupOrder: order },
      testTimeout: timeoutMs,
      hookTimeout: timeoutMs,
      retry: 0
    }
  }
}
