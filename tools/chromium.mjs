/**
 * Which Chromium to drive, and how. Plain JavaScript without dependencies: the set-up script needs it before anything is
 * installed, on whatever Node the machine has.
 */
import { existsSync } from 'node:fs'
import { delimiter, isAbsolute, join } from 'node:path'

/** Names a Chromium goes by, best first: a distribution's own before a vendor's. */
export const CHROMIUM_NAMES = [
  'chromium',
  'chromium-browser',
  'google-chrome-stable',
  'google-chrome',
  'chrome',
  'microsoft-edge-stable'
]

/** Where installers put it without touching PATH. */
const KNOWN_PLACES = [
  '/usr/lib/chromium/chromium',
  '/opt/google/chrome/chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium'
]

/**
 * Path of the first Chromium found, or undefined. `CHROMIUM_PATH` (a path or a name on PATH) decides alone when set.
 * @param {Record<string, string | undefined>} env
 * @returns {string | undefined}
 */
export function findChromium(env = process.env) {
  const wanted = env.CHROMIUM_PATH
  if (wanted) return isAbsolute(wanted) ? (existsSync(wanted) ? wanted : undefined) : onPath(wanted, env)
  for (const name of CHROMIUM_NAMES) {
    const path = onPath(name, env)
    if (path) return path
  }
  return KNOWN_PLACES.find(place => existsSync(place))
}

/**
 * @param {string} name
 * @param {Record<string, string | undefined>} env
 */
function onPath(name, env) {
  return (env.PATH ?? '')
    .split(delimiter)
    .filter(folder => folder !== '')
    .map(folder => join(folder, name))
    .find(path => existsSync(path))
}

/**
 * Chromium takes the last list it is given, so this one replaces the list of the tool that starts it, and has what matters of that.
 */
const UNWANTED_FEATURES = [
  // pages of Chromium's own, made beside every page of a test: a second of processor time a start
  'WebUIOmniboxPopup',
  'WebUIOmniboxAimPopup',
  'WebUIOmniboxFullPopup',
  // plain http has to stay that
  'HttpsUpgrades',
  'HttpsFirstBalancedModeAutoEnable',
  // asked of, or told to, the vendor's servers
  'AimEnabled',
  'LensOverlay',
  'MediaRouter',
  'NetworkTimeServiceQuerying',
  'OptimizationHints',
  'PreconnectToSearch',
  // what the tool wants for its own working
  'AvoidUnnecessaryBeforeUnloadCheckSync',
  'DestroyProfileOnBrowserClose',
  'PaintHolding',
  'ThirdPartyStoragePartitioning'
]

/**
 * Flags of every Chromium that tests, benchmarks and the smoke run start.
 * Without `--allow-loopback-in-peer-connection` (and the camera permission, see {@link PEER_PERMISSIONS}) WebRTC gathers no
 * candidate on 127.0.0.1. The rest keeps the browser from talking to anything that a test did not ask for.
 */
export const CHROMIUM_ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-default-apps',
  '--disable-domain-reliability',
  '--disable-sync',
  '--allow-loopback-in-peer-connection',
  `--disable-features=${UNWANTED_FEATURES.join(',')}`
]

/**
 * Chromium enumerates all interfaces, loopback included, only for origins that may use camera and microphone.
 * @type {['camera', 'microphone']}
 */
export const PEER_PERMISSIONS = ['camera', 'microphone']

/** What to do when there is none; shown to people. */
export const CHROMIUM_ADVICE =
  'No Chromium found. Install one (Debian/Ubuntu: "sudo apt-get install chromium"; macOS: "brew install --cask chromium"), ' +
  'or set CHROMIUM_PATH to the path of a Chromium, Chrome or Edge binary.'
