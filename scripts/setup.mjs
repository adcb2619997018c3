/**
 * Makes a fresh clone ready: packages, a current Node, a browser. Runs before `npm test`, `npm start` and their kin, under
 * whatever Node the machine has (20 or newer), before anything is installed: so plain JavaScript, no dependencies.
 */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { CHROMIUM_ADVICE, findChromium } from '../tools/chromium.mjs'
import { lockIsInstalled } from '../tools/lock-is-installed.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const OLDEST_NODE = 20
/** Node runs our TypeScript sources without a flag from here on. */
const OLDEST_RUNTIME = 24

/**
 * @param {string} text
 * @returns {never}
 */
function fail(text) {
  process.stderr.write(`\nset-up failed: ${text}\n`)
  process.exit(1)
}

/** @param {string} text */
function say(text) {
  process.stderr.write(`set-up: ${text}\n`)
}

/**
 * Run a command quietly; its output is shown only when it fails.
 * @param {string} command
 * @param {string[]} args
 */
function run(command, args) {
  const started = Date.now()
  const result = spawnSync(command, args, { cwd: root, encoding: 'utf8', maxBuffer: 64 << 20 })
  const seconds = Math.round((Date.now() - started) / 1000)
  const text = `${result.stdout ?? ''}${result.stderr ?? ''}${result.error ? result.error.message : ''}`
  return { ok: result.status === 0, seconds, text: text.split('\n').slice(-40).join('\n') }
}

/**
 * A clone without packages gets `npm ci`. One that has some (another branch, an edited package.json) is brought up to date in
 * place: `npm ci` would first delete what other processes of the same clone may be running on.
 */
function installPackages() {
  if (lockIsInstalled(root)) return
  const fresh = !existsSync(join(root, 'node_modules', '.package-lock.json'))
  const command = fresh ? ['ci'] : ['install', '--no-save']
  say(`${fresh ? 'installing' : 'updating'} packages (npm ${command[0]}; about a minute without a cache) ...`)
  const { ok, seconds, text } = run('npm', [
    ...command,
    '--prefer-offline',
    '--no-audit',
    '--no-fund',
    '--loglevel=error'
  ])
  if (!ok) {
    fail(
      `npm ${command[0]} did not succeed:\n${text}\n` +
        'Check that this machine reaches the npm registry ("npm ping") and that package.json and package-lock.json ' +
        'come from the same commit ("git status"), then run the command again.'
    )
  }
  say(`packages installed in ${seconds} s`)
}

/** The `node` package brings a current Node; npm scripts find it first on PATH. Its install script may have been skipped. */
function checkRuntime() {
  const node = join(root, 'node_modules', '.bin', 'node')
  if (nodeMajor(node) >= OLDEST_RUNTIME) return
  const installer = join(root, 'node_modules', 'node')
  if (existsSync(join(installer, 'installArchSpecificPackage.js'))) {
    say(`fetching Node ${OLDEST_RUNTIME} ...`)
    const result = spawnSync(process.execPath, ['installArchSpecificPackage.js'], { cwd: installer, encoding: 'utf8' })
    if (result.status === 0 && nodeMajor(node) >= OLDEST_RUNTIME) return
  }
  if (Number(process.versions.node.split('.')[0]) >= OLDEST_RUNTIME) return
  fail(
    `the npm package "node" brought no Node ${OLDEST_RUNTIME} for ${process.platform}-${process.arch}. ` +
      `Install Node ${OLDEST_RUNTIME} or newer yourself (https://nodejs.org) and run the command again.`
  )
}

/** @param {string} node */
function nodeMajor(node) {
  const result = spawnSync(node, ['--version'], { encoding: 'utf8' })
  return Number(/^v(\d+)/.exec(result.stdout ?? '')?.[1] ?? 0)
}

function findBrowser() {
  const found = findChromium()
  if (found) return say(`browser: ${found}`)
  if (process.env.CHROMIUM_PATH) fail(`CHROMIUM_PATH is "${process.env.CHROMIUM_PATH}", which does not exist.`)
  const apt = ['/usr/bin/apt-get', '/bin/apt-get'].find(path => existsSync(path))
  if (process.platform !== 'linux' || !apt) fail(CHROMIUM_ADVICE)
  const isRoot = process.getuid?.() === 0
  if (!isRoot && !run('sudo', ['-n', 'true']).ok) fail(CHROMIUM_ADVICE)
  const prefix = isRoot ? ['env'] : ['sudo', '-n', 'env']
  const aptGet = [...prefix, 'DEBIAN_FRONTEND=noninteractive', apt]
  say('no browser found: installing the Debian package "chromium" ...')
  run(aptGet[0] ?? '', [...aptGet.slice(1), 'update', '-q'])
  const { ok, seconds, text } = run(aptGet[0] ?? '', [
    ...aptGet.slice(1),
    'install',
    '-y',
    '-q',
    '--no-install-recommends',
    'chromium'
  ])
  if (!ok || !findChromium()) fail(`apt-get could not install chromium:\n${text}\n${CHROMIUM_ADVICE}`)
  say(`browser installed in ${seconds} s`)
}

if (Number(process.versions.node.split('.')[0]) < OLDEST_NODE) {
  fail(`this needs Node ${OLDEST_NODE} or newer to start with; this is ${process.version}.`)
}
installPackages()
checkRuntime()
findBrowser()
