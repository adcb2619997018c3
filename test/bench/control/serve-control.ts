import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What a measurement came to. */
export type ControlAnswer = { readonly figure: unknown } | { readonly error: string }

export interface Control extends AsyncDisposable {
  /** `GET url?call=roundTripMs&kind=webrtc` answers with a {@link ControlAnswer} as JSON. */
  readonly url: string
}

/** Node's fetch gives up on an answer that is silent for five minutes, and a measurement may take longer. */
const HEARTBEAT_MS = 30_000

/** A port through which a suite asks its Node half for one measurement after the other. */
export async function serveControl(measure: (call: string, kind: string) => Promise<unknown>): Promise<Control> {
  const server = createServer((request, response) => {
    const query = new URL(request.url ?? '/', 'http://control.invalid').searchParams
    response.setHeader('access-control-allow-origin', '*')
    // space before JSON means nothing
    response.write(' ')
    const heartbeat = setInterval(() => response.write(' '), HEARTBEAT_MS)
    const answer = (value: ControlAnswer): void => {
      clearInterval(heartbeat)
      response.end(JSON.stringify(value))
    }
    measure(query.get('call') ?? '', query.get('kind') ?? '').then(
      figure => answer({ figure }),
      error => answer({ error: error instanceof Error ? error.message : String(error) })
    )
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    }
  }
}
