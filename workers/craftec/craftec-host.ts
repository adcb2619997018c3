import { transfer } from 'comlink'
import { CraftecError, isErrorWire } from '../../sdk/errors/index.ts'
import { type Craftec, createCraftec } from '../../sdk/index.ts'
import type { CraftecHost, WireResponse } from './craftec-wire.ts'
import { streamWithRealErrors, streamWithWireErrors } from './error-stream.ts'
import { hostWebSocket } from './host-web-socket.ts'
import { createObjHost } from './obj-host.ts'
import { outcomeNow, outcomeOf } from './outcome.ts'

/** Responses that can still be explained; the page cannot say when it has forgotten one. */
const MAX_EXPLAINED = 256

/** A node behind comlink. Every method answers with an {@link Outcome}; none throws. */
export function createCraftecHost(): CraftecHost {
  let craft: Craftec | undefined
  let lastId = 0
  const explained = new Map<number, Response>()
  const running = (): Craftec => {
    if (!craft) throw new CraftecError('stopped', 'the worker has no node; it was stopped or never started')
    return craft
  }

  function remember(response: Response): number {
    explained.set(++lastId, response)
    const [oldest] = explained.keys()
    if (explained.size > MAX_EXPLAINED && oldest !== undefined) explained.delete(oldest)
    return lastId
  }

  return {
    start: (options, onState) =>
      outcomeOf(async () => {
        craft ??= await createCraftec(options)
        craft.onState(onState)
        return craft.state
      }),

    fetch: async (url, init, abort) => {
      const controller = new AbortController()
      abort.onmessage = ({ data }) =>
        controller.abort(
          isErrorWire(data) ? CraftecError.fromWire(data) : new CraftecError('aborted', 'aborted by the page')
        )
      const outcome = await outcomeOf(async (): Promise<WireResponse> => {
        const { body, headers, ...rest } = init
        const response = await running().net.fetch(url, {
          ...rest,
          ...(headers ? { headers: headers.map(([name, value]): [string, string] => [name, value]) } : {}),
          ...(body === undefined ? {} : { body: requestBody(body), duplex: 'half' as const }),
          signal: controller.signal
        })
        return {
          id: remember(response),
          status: response.status,
          statusText: response.statusText,
          headers: [...response.headers],
          url: response.url,
          redirected: response.redirected,
          body: response.body && streamWithWireErrors(response.body)
        }
      })
      return 'value' in outcome && outcome.value.body ? transfer(outcome, [outcome.value.body]) : outcome
    },

    explain: id =>
      outcomeNow(() => {
        const response = explained.get(id)
        if (!response)
          throw new CraftecError('invalid-argument', `only the last ${MAX_EXPLAINED} responses can be explained`)
        return running().net.explain(response)
      }),

    webSocket: (url, protocols, { headers, ...rest }, control) => {
      const init = { ...rest, headers: headers.map(([name, value]): [string, string] => [name, value]) }
      return hostWebSocket(async signal => running().net.webSocketStream(url, protocols, { ...init, signal }), control)
    },

    obj: createObjHost(() => running().obj),

    newPath: () => outcomeNow(() => void running().net.newPath()),

    circuits: () => outcomeNow(() => running().net.circuits()),

    stop: () =>
      outcomeOf(async () => {
        await craft?.stop()
        craft = undefined
        return undefined
      })
  }
}

function requestBody(body: NonNullable<Parameters<CraftecHost['fetch']>[1]['body']>): BodyInit {
  return (body instanceof ReadableStream ? streamWithRealErrors(body) : body) as BodyInit
}
