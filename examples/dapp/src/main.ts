/** The demo page: one address bar, one private request at a time, and a picture of how it travelled. */
import { type Craftec, CraftecError, createCraftec } from '@craftec/web'
import { CraftecStorageElement, defineCraftecStorage } from '@craftec/web/widget'
import { advice } from './advice.ts'
import { byId, element } from './element.ts'
import { countryName, formatBytes, formatMs } from './format.ts'
import { findNetwork } from './local-network.ts'
import { LogView } from './log-view.ts'
import { PageView } from './page-view.ts'
import { drawPath } from './path-view.ts'
import { receive } from './receive.ts'
import { drawTiming } from './timing-view.ts'
import type { LocalChain } from './wallet/local-chain.ts'
import { paymentAdvice } from './wallet/payment-advice.ts'

const form = byId('bar', HTMLFormElement)
const address = byId('address', HTMLInputElement)
const hint = byId('address-hint', HTMLElement)
const go = byId('go', HTMLButtonElement)
const cancel = byId('cancel', HTMLButtonElement)
const country = byId('country', HTMLSelectElement)
const stateChip = byId('state', HTMLElement)
const status = byId('page-status', HTMLElement)
const shownUrl = byId('page-url', HTMLElement)
const shownSize = byId('page-size', HTMLElement)
const log = new LogView(byId('log', HTMLElement))
const page = new PageView(byId('page-body', HTMLElement), url => void navigate(url))

let craft: Craftec | undefined
let running: AbortController | undefined

function showState(status: string, text: string): void {
  stateChip.dataset.status = status
  stateChip.lastElementChild?.replaceChildren(text)
  stateChip.title = text
}

/** What a person types: a scheme is optional, only http and https make sense here. */
function parseAddress(typed: string): URL | undefined {
  const text = typed.trim()
  const url = URL.parse(/^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `https://${text}`)
  return url && /^https?:$/.test(url.protocol) && url.hostname !== '' ? url : undefined
}

function setRunning(controller: AbortController | undefined): void {
  running = controller
  go.hidden = controller !== undefined
  cancel.hidden = controller === undefined
}

function chosenHops(): 0 | 1 | 2 | 3 | 4 {
  return Number(new FormData(form).get('hops')) as 0 | 1 | 2 | 3 | 4
}

async function navigate(typed: string): Promise<void> {
  const url = parseAddress(typed)
  hint.textContent = url ? '' : 'That is not a web address. Try https://example.org/'
  if (!url || !craft) return
  running?.abort()
  const controller = new AbortController()
  setRunning(controller)
  address.value = url.href
  shownUrl.textContent = url.href
  shownSize.textContent = ''
  status.hidden = true
  const name = decodeURIComponent(url.pathname.split('/').pop() || url.hostname)
  const progress = page.progress(name)
  const hops = chosenHops()
  log.add(`Fetching through ${hops} ${hops === 1 ? 'relay' : 'relays'} and an exit`)
  try {
    const response = await craft.net.fetch(url, {
      hops,
      allowInsecure: true,
      signal: controller.signal,
      ...(country.value ? { exit: { country: country.value } } : {})
    })
    status.hidden = false
    status.textContent = `${response.status} ${response.statusText}`.trim()
    status.dataset.kind = response.ok ? 'good' : 'bad'
    shownUrl.textContent = response.url
    explain(response)
    const { blob, sha256, elapsedMs } = await receive(response, progress)
    shownSize.textContent = formatBytes(blob.size)
    explain(response)
    await page.content(blob, () => blob.text(), { url: response.url, type: blob.type, name, sha256, elapsedMs })
    log.add(`${formatBytes(blob.size)} in ${formatMs(elapsedMs)}`)
  } catch (cause) {
    const error = CraftecError.from(cause)
    const { title, text } = advice(error)
    page.notice(title, text, error.code === 'aborted' ? 'info' : 'bad', error.code)
    log.add(`${title} (${error.code})`, error.code === 'aborted' ? 'info' : 'bad')
  } finally {
    if (running === controller) setRunning(undefined)
  }
}

function explain(response: Response): void {
  if (!craft) return
  const story = craft.net.explain(response)
  let toHop = 0
  drawPath(
    byId('path', HTMLElement),
    story.path.map(({ role, country, identity }, index) => {
      const link = story.hopRoundTripsMs[index]
      toHop += link ?? 0
      return {
        role: role === 'relay' && index === 0 ? 'guard' : role,
        country,
        name: identity,
        roundTripMs: link === undefined ? undefined : toHop
      }
    }),
    new URL(response.url).host
  )
  byId('exit-view', HTMLElement).textContent = response.url.startsWith('https:')
    ? 'The exit carried ciphertext only: the encryption begins and ends in this tab and at the site.'
    : 'Plain http: the exit could read and change all of this.'
  const { directoryMs, circuitMs, streamMs, firstByteMs, bodyMs = 0 } = story.timing
  const durations = {
    Directory: directoryMs,
    Circuit: circuitMs,
    'To the site': streamMs,
    'First byte': firstByteMs,
    Body: bodyMs
  }
  let startMs = 0
  const stages = Object.entries(durations).map(([name, durationMs]) => {
    const stage = { name, startMs, durationMs }
    startMs += durationMs
    return stage
  })
  drawTiming(byId('timing', HTMLElement), {
    stages,
    bytesSent: story.bytes.sent,
    bytesReceived: story.bytes.received,
    retries: story.retries
  })
}

function offerCountries(countries: Iterable<string>): void {
  const chosen = country.value
  const options = [...new Set(countries)]
    .sort()
    .map(code => new Option(countryName(code), code, false, code === chosen))
  country.replaceChildren(new Option('any country', ''), ...options)
}

async function start(): Promise<void> {
  const network = await findNetwork()
  byId('suggestions', HTMLElement).append(
    ...network.suggestions.map(({ label, url }) => {
      const button = element('button', { class: 'link', text: label })
      button.addEventListener('click', () => void navigate(url))
      return button
    })
  )
  const [first] = network.suggestions
  if (first) address.value = first.url
  if (network.chain) openWallet(network.chain)
  const { bootstrap, tlsRoots } = network
  const node = await createCraftec({ bootstrap, ...(tlsRoots ? { net: { tlsRoots } } : {}) })
  craft = node
  defineCraftecStorage()
  byId('storage', CraftecStorageElement).craft = node
  const show = (): void => {
    const state = node.state
    const detail = state.status === 'degraded' ? state.why : state.status === 'connecting' ? state.doing : undefined
    const known = node.net.directory()
    showState(
      state.status,
      state.status === 'ready'
        ? `Ready: ${known.length} nodes known`
        : detail
          ? `${state.status}: ${detail}`
          : state.status
    )
    offerCountries(known.filter(({ roles }) => roles.exit).map(({ country }) => country))
  }
  let last = ''
  const change = (): void => {
    show()
    if (node.state.status !== last)
      log.add(`State: ${node.state.status}`, node.state.status === 'degraded' ? 'bad' : 'info')
    last = node.state.status
  }
  node.onState(change)
  change()
}

/** Beside the network, not before it: a chain that does not answer must not keep anybody from fetching. */
function openWallet(chain: LocalChain): void {
  byId('wallet', HTMLElement).hidden = false
  byId('wallet-link', HTMLElement).hidden = false
  import('./wallet/wallet-panel.ts')
    .then(({ WalletPanel }) => WalletPanel.open(chain, (text, kind) => log.add(text, kind)))
    .catch(cause => {
      const { title, text } = paymentAdvice(CraftecError.from(cause))
      byId('wallet-status', HTMLElement).textContent = `${title}. ${text}`
    })
}

form.addEventListener('submit', event => {
  event.preventDefault()
  void navigate(address.value)
})
cancel.addEventListener('click', () => running?.abort())
byId('new-path', HTMLButtonElement).addEventListener('click', newPath)
byId('clear-log', HTMLButtonElement).addEventListener('click', () => log.clear())
document.addEventListener('keydown', event => {
  if (event.key === 'Escape') running?.abort()
  if (event.altKey && event.key.toLowerCase() === 'n') newPath()
  if (event.key === '/' && document.activeElement === document.body) {
    event.preventDefault()
    address.select()
  }
})

function newPath(): void {
  craft?.net.newPath()
  byId('path', HTMLElement).replaceChildren(
    element('li', { class: 'muted', text: 'The next request takes a new path.' })
  )
  log.add('New path asked for')
}

start().catch(cause => {
  const error = CraftecError.from(cause)
  const { title, text } = advice(error)
  showState('failed', title)
  page.notice(title, text, 'bad', error.code)
  log.add(`${title} (${error.code})`, 'bad')
})
