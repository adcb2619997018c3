import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { CHROMIUM_ADVICE, CHROMIUM_ARGS, findChromium } from './chromium.mjs'

/** A page that is asked by its functions alone. */
export interface UnwatchedPage {
  /** @param task runs in the page: it can use nothing but `given`, which goes there as JSON, as its result comes back */
  evaluate<Given, Result>(task: (given: Given) => Result | Promise<Result>, given: Given): Promise<Result>
}

export interface UnwatchedChromium extends AsyncDisposable {
  /** @param ready name of what the page's script puts on globalThis when it can be asked */
  open(url: string, ready: string): Promise<UnwatchedPage>
}

interface Answer {
  readonly id?: number
  readonly error?: { readonly message: string }
  readonly result?: unknown
}
interface Evaluated {
  readonly result: { readonly value?: unknown }
  readonly exceptionDetails?: { readonly text: string; readonly exception?: { readonly description?: string } }
}

const START_MS = 60_000
const LOOK_MS = 50

/**
 * Chromium without a debugger that listens to its network. Playwright is told of every message of every WebSocket, with its bytes in
 * base64: that took 4 s of CPU for 100 MB, eight times what the browser and the server take to carry them.
 * @throws Error with advice when the machine has no Chromium
 */
export async function launchUnwatchedChromium(): Promise<UnwatchedChromium> {
  const path = findChromium()
  if (path === undefined) throw new Error(CHROMIUM_ADVICE)
  const profile = await mkdtemp(join(tmpdir(), 'craftec-profile-'))
  const args = ['--headless=new', '--remote-debugging-port=0', `--user-data-dir=${profile}`, ...CHROMIUM_ARGS]
  const browser = spawn(path, [...args, 'about:blank'], { stdio: 'ignore' })
  const ended = once(browser, 'exit')
  const sockets: WebSocket[] = []
  const close = async (): Promise<void> => {
    for (const socket of sockets) socket.close()
    browser.kill()
    await ended
    await rm(profile, { recursive: true, force: true, maxRetries: 5 })
  }
  const port = await portOf(profile).catch(async error => {
    await close()
    throw error
  })
  return {
    open: async (url, ready) => {
      const response = await fetch(`http://127.0.0.1:${port}/json/new?${url}`, { method: 'PUT' })
      const { webSocketDebuggerUrl } = (await response.json()) as { webSocketDebuggerUrl: string }
      const socket = new WebSocket(webSocketDebuggerUrl)
      await once(socket, 'open')
      sockets.push(socket)
      const page = pageOver(socket)
      const isReady = (name: string): boolean => name in globalThis
      await until(() => page.evaluate(isReady, ready), `${url} to be ready`)
      return page
    },
    [Symbol.asyncDispose]: close
  }
}

/** The Chrome DevTools Protocol, as far as it evaluates expressions. */
function pageOver(socket: WebSocket): UnwatchedPage {
  const waiting = new Map<number, PromiseWithResolvers<unknown>>()
  let nextId = 1
  socket.addEventListener('message', ({ data }) => {
    const { id, error, result } = JSON.parse(String(data)) as Answer
    if (id === undefined) return
    if (error) waiting.get(id)?.reject(new Error(error.message))
    else waiting.get(id)?.resolve(result)
    waiting.delete(id)
  })
  socket.addEventListener('close', () => {
    for (const call of waiting.values()) call.reject(new Error('the browser closed the page'))
  })
  const send = (method: string, params: object): Promise<unknown> => {
    const id = nextId++
    const call = Promise.withResolvers<unknown>()
    waiting.set(id, call)
    socket.send(JSON.stringify({ id, method, params }))
    return call.promise
  }
  return {
    evaluate: async <Given, Result>(task: (given: Given) => Result | Promise<Result>, given: Given) => {
      const expression = `(${task})(${JSON.stringify(given)})`
      const params = { expression, awaitPromise: true, returnByValue: true }
      const { result, exceptionDetails } = (await send('Runtime.evaluate', params)) as Evaluated
      if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text)
      return result.value as Result
    }
  }
}

/** Where the browser listens: it says so in a file, when it does. */
async function portOf(profile: string): Promise<number> {
  let port = 0
  await until(async () => {
    const said = await readFile(join(profile, 'DevToolsActivePort'), 'utf8').catch(() => '')
    port = Number.parseInt(said, 10)
    return port > 0
  }, 'the browser to listen')
  return port
}

async function until(isSo: () => Promise<boolean>, what: string): Promise<void> {
  for (const start = performance.now(); !(await isSo()); await sleep(LOOK_MS))
    if (performance.now() - start > START_MS) throw new Error(`waited ${START_MS} ms for ${what}`)
}
