import { createServer } from 'node:net'
import { defaultReporter, summaryReporter } from '@web/test-runner'
import { chromeLauncher } from '@web/test-runner-chrome'
import { CHROMIUM_ADVICE, CHROMIUM_ARGS, findChromium, PEER_PERMISSIONS } from './tools/chromium.mjs'
import { esbuildBundlePlugin } from './tools/esbuild-bundle-plugin.ts'
import { jsonReporter } from './tools/json-reporter.ts'

const executablePath = findChromium()
if (executablePath === undefined) throw new Error(CHROMIUM_ADVICE)
const results = process.env.TEST_RESULTS_FILE

export default {
  rootDir: import.meta.dirname,
  files: ['test/browser/**/*.test.ts'],
  nodeResolve: false,
  concurrency: 2,
  hostname: '127.0.0.1',
  port: await freePort(),
  plugins: [esbuildBundlePlugin({ rootDir: import.meta.dirname, sourceMaps: process.argv.includes('--watch') })],
  middleware: [isolate],
  browsers: [
    chromeLauncher({
      launchOptions: { executablePath, headless: true, args: CHROMIUM_ARGS },
      createBrowserContext: async ({ browser, config }) => {
        const context = browser.defaultBrowserContext()
        await context.overridePermissions(`http://${config.hostname}:${config.port}`, PEER_PERMISSIONS)
        return context
      }
    })
  ],
  reporters: [
    defaultReporter({ reportTestProgress: process.stdout.isTTY === true && results === undefined }),
    summaryReporter({ flatten: true }),
    ...(results === undefined ? [] : [jsonReporter({ file: results })])
  ],
  testFramework: { config: { timeout: 15_000 } },
  testsStartTimeout: 60_000,
  testsFinishTimeout: 180_000
}

/** Cross-origin isolated, so that shared memory can be tested; `credentialless` still lets a page fetch from a devnet port. */
function isolate(context, next) {
  context.set('Cross-Origin-Opener-Policy', 'same-origin')
  context.set('Cross-Origin-Embedder-Policy', 'credentialless')
  return next()
}

/** A port of the system's choice: two runs side by side must not meet. */
function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })
}
