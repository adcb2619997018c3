/** A JSON-RPC endpoint between a client and the real one, which tells lies where a test wants them. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/**
 * Gets what the real endpoint answered; gives what the client shall hear as the result, or the {@link Raw} text in place of all of it.
 * Undefined: no answer, the connection breaks.
 */
export type Lie = (truth: unknown, params: readonly unknown[]) => unknown

export class Raw {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

export interface LyingRpc {
  readonly url: string
  /** By method; replaced as a test goes on. */
  lies: Readonly<Record<string, Lie>>
  /** How often each method was asked for. */
  readonly asked: Map<string, number>
  close(): Promise<void>
}

interface Request {
  readonly id: number
  readonly method: string
  readonly params: readonly unknown[]
}

/** @param truth URL of the real endpoint */
export async function startLyingRpc(truth: string, lies: LyingRpc['lies'] = {}): Promise<LyingRpc> {
  const asked = new Map<string, number>()
  const server = createServer(async (request, response) => {
    const parts: Uint8Array[] = []
    for await (const part of request) parts.push(part)
    const body = Buffer.concat(parts)
    const { id, method, params } = JSON.parse(body.toString()) as Request
    asked.set(method, (asked.get(method) ?? 0) + 1)
    const answer = await fetch(truth, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
    const { result, error } = (await answer.json()) as { result?: unknown; error?: unknown }
    const lie = rpc.lies[method]
    const told = lie ? lie(result, params) : result
    if (lie && told === undefined) return void response.destroy()
    const text = told instanceof Raw ? told.text : JSON.stringify({ jsonrpc: '2.0', id, result: told, error })
    response.writeHead(200, { 'content-type': 'application/json' }).end(text)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const rpc: LyingRpc = {
    url: `http://127.0.0.1:${port}`,
    lies,
    asked,
    close: () =>
      new Promise<void>(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      })
  }
  return rpc
}
