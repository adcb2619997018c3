/** The half of the smoke run that lives in the page. */
import { demoBytes } from '../../relay-server/devnet/demo-bytes.ts'
import { createCraftec } from '../../sdk/index.ts'

export interface FetchFigures {
  readonly hops: number
  readonly status: number
  readonly bytesEqual: boolean
  readonly firstByteMs: number
  readonly circuitBuildMs: number
  readonly mbPerSecond: number
}

export interface Rejection {
  /** The code of a CraftecError; null for anything else, 'resolved' if it did not reject at all. */
  readonly code: string | null
  readonly rejectedMs: number
}

export interface SmokePage {
  /** @param tlsRoots PEM: who may vouch for `https:` sites */
  open(bootstrap: readonly string[], tlsRoots: readonly string[]): Promise<void>
  /** @param token sent along in a header */
  fetchBytes(url: string, count: number, token: string): Promise<FetchFigures>
  fetchRejects(url: string, timeoutMs: number): Promise<Rejection>
}

type Craft = Awaited<ReturnType<typeof createCraftec>>

export function smokePage(): SmokePage {
  let craft: Craft | undefined
  const node = (): Craft => {
    if (craft === undefined) throw new Error('open first')
    return craft
  }
  return {
    open: async (bootstrap, tlsRoots) => {
      craft = await createCraftec({ bootstrap, hops: 3, net: { tlsRoots } })
    },

    fetchBytes: async (url, count, token) => {
      const started = performance.now()
      const headers = { 'x-smoke-token': token }
      const response = await node().net.fetch(url, { headers, allowInsecure: true, timeoutMs: 30_000 })
      let [received, firstAt, bytesEqual] = [0, 0, true]
      for await (const chunk of response.body ?? []) {
        if (received === 0) firstAt = performance.now()
        bytesEqual &&= equal(chunk, demoBytes(received, chunk.length))
        received += chunk.length
      }
      const seconds = (performance.now() - firstAt) / 1000
      const { path, timing } = node().net.explain(response)
      return {
        hops: path.filter(({ role }) => role === 'relay').length,
        status: response.status,
        bytesEqual: bytesEqual && received === count,
        firstByteMs: Math.round(firstAt - started),
        circuitBuildMs: Math.round(timing.circuitMs),
        mbPerSecond: Number((received / 1e6 / seconds).toFixed(2))
      }
    },

    fetchRejects: async (url, timeoutMs) => {
      const started = performance.now()
      try {
        await node().net.fetch(url, { allowInsecure: true, timeoutMs })
        return { code: 'resolved', rejectedMs: Math.round(performance.now() - started) }
      } catch (error) {
        const code =
          error instanceof Error && error.name === 'CraftecError' && 'code' in error ? String(error.code) : null
        return { code, rejectedMs: Math.round(performance.now() - started) }
      }
    }
  }
}

function equal(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, index) => byte === right[index])
}
