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
      {
        test: {
          name: 'node',
          environment: 'node',
          include: ['test/node/**/*.test.ts'],
          // Real relays in this process or in processes of their own: one file at a time, they would measure each other.
          fileParallelism: false,
          sequence: { groupOrder: 1 },
          testTimeout: 60_000,
          hookTimeout: 60_000,
          retry: 0
        }
      },
      {
        test: {
          name: 'links',
          environment: 'node',
          include: [LINK_TESTS],
          // Browsers and their links, measured among other things: one file at a time.
          fileParallelism: false,
          sequence: { groupOrder: 2 },
          testTimeout: 90_000,
          hookTimeout: 90_000,
          retry: 0
        }
      },
      {
        test: {
          name: 'e2e',
          environment: 'node',
          include: ['test/e2e/**/*.test.ts'],
          exclude: [LINK_TESTS],
          // Whole networks and browsers: one file at a time.
          fileParallelism: false,
          sequence: { groupOrder: 3 },
          testTimeout: 90_000,
          hookTimeout: 90_000,
          retry: 0
        }
      },
      {
        test: {
          name: 'chaos',
          environment: 'node',
          include: ['test/chaos/**/*.test.ts'],
          fileParallelism: false,
          sequence: { groupOrder: 4 },
          testTimeout: 90_000,
          hookTimeout: 90_000,
          retry: 0
        }
      }
    ],
    // The default leaves a core idle; files that must be alone say so with fileParallelism.
    maxWorkers: '100%',
    allowOnly: false
  }
})
