import type { z } from 'zod'
import type { Delivery } from '../delivery.ts'
import type { Faucet } from '../faucet/index.ts'
import type { Ledger } from '../ledger/index.ts'
import type { Timeline } from '../timeline.ts'
import { RpcError } from './rpc-error.ts'

/** Where subscriptions of one WebSocket connection live; what comes over HTTP has none. */
export interface SubscriptionHost {
  /** @throws RpcError `limitExceeded` */
  add(subscription: Subscription): number
  remove(id: number): boolean
}

/** What a client wants to hear about. The kind names the notification. */
export type Subscription =
  | { readonly kind: 'signature'; readonly signature: string }
  | { readonly kind: 'slot' }
  | { readonly kind: 'root' }
  | { readonly kind: 'logs'; readonly mentions: string | undefined }
  | { readonly kind: 'account'; readonly address: string; readonly encode: AccountEncoder }
  | {
      readonly kind: 'program'
      readonly program: string
      readonly encode: AccountEncoder
      readonly matches: AccountMatcher
    }

type LedgerAccount = NonNullable<ReturnType<Ledger['account']>>
export type AccountEncoder = (account: LedgerAccount) => unknown
export type AccountMatcher = (account: LedgerAccount) => boolean

export interface RpcContext {
  readonly ledger: Ledger
  readonly delivery: Delivery
  readonly faucet: Faucet
  readonly timeline: Timeline
  /** Names this chain: every new one has another. */
  readonly genesisHash: string
  /** For `craftec_info`. */
  readonly programs: Readonly<Record<string, string>>
  readonly subscriptions: SubscriptionHost | undefined
}

export interface RpcMethod {
  call(params: unknown, context: RpcContext): unknown
}

/** The methods of one subject, by their names on the wire. */
export type RpcMethods = Readonly<Record<string, RpcMethod>>

/**
 * A method whose parameters are checked before it runs.
 * @param params the positional parameters, as a tuple; missing ones count as an empty list
 */
export function method<Params extends z.ZodType>(
  params: Params,
  run: (params: z.output<Params>, context: RpcContext) => unknown
): RpcMethod {
  return {
    call(given, context) {
      const parsed = params.safeParse(given ?? [])
      if (!parsed.success) throw new RpcError('invalidParams', `Invalid params: ${firstIssue(parsed.error)}`)
      return run(parsed.data, context)
    }
  }
}

/** The value with the slot it was read at, as most answers carry it. */
export function inContext(ledger: Ledger, value: unknown): object {
  return { context: { slot: ledger.latestBlock.slot, apiVersion: API_VERSION }, value }
}

/** The Agave release that litesvm 1.5 embeds. */
export const API_VERSION = '4.3.0'

function firstIssue({ issues }: z.ZodError): string {
  const [issue] = issues
  return issue === undefined ? 'unreadable' : `${issue.path.join('.') || 'params'}: ${issue.message}`
}
