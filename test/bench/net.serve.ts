/** The network the suite measures, and the way around it: a devnet of relay processes, a site, and the site's bytes without a network. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { startDemoOrigin, startDevnet } from '../../relay-server/devnet/index.ts'

export interface NetParameters {
  readonly bootstrap: readonly string[]
  /** `${site}/bytes?n=COUNT` is only for exits. */
  readonly site: string
  /** `${direct}?n=COUNT` gives as many bytes to anyone. */
  readonly direct: string
}

const CHUNK = new Uint8Array(65_536).fill(7)

export async function serve(): Promise<{ parameters: NetParameters; close(): Promise<void> }> {
  const stack = new AsyncDisposableStack()
  try {
    const site = await startDemoOrigin()
    stack.defer(() => site.stop())
    const devnet = await startDevnet({ localOrigins: [`127.0.0.1:${site.port}`] })
    stack.defer(() => devnet.stop())
    const direct = createServer(async (request, response) => {
      const count = Number(new URL(request.url ?? '/', 'http://direct').searchParams.get('n') ?? 0)
      response.writeHead(200, { 'access-control-allow-origin': '*', 'content-length': count })
      for (let left = count; left > 0; left -= CHUNK.length) {
        if (!response.write(CHUNK.subarray(0, Math.min(left, CHUNK.length)))) await once(response, 'drain')
      }
      response.end()
    }).listen(0, '127.0.0.1')
    await once(direct, 'listening')
    stack.defer(async () => {
      direct.close()
      direct.closeAllConnections()
    })
    const { port } = direct.address() as AddressInfo
    return {
      parameters: { bootstrap: devnet.bootstrap, site: site.url, direct: `http://127.0.0.1:${port}/` },
      close: () => stack.disposeAsync()
    }
  } catch (error) {
    await stack.disposeAsync()
    throw error
  }
}
