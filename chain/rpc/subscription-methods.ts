import { z } from 'zod'
import { accountConfig, encodeAccount } from './account-encoding.ts'
import { accountFilters, accountMatcher } from './account-filters.ts'
import { addressParam, configOnly, contextConfig, signatureParam } from './params.ts'
import { RpcError } from './rpc-error.ts'
import { method, type RpcContext, type RpcMethod, type RpcMethods, type Subscription } from './rpc-method.ts'

const logsFilter = z.union([
  z.enum(['all', 'allWithVotes']).transform(() => undefined),
  z.object({ mentions: z.tuple([addressParam]) }).transform(({ mentions: [address] }) => address)
])

const unsubscribe = method(z.tuple([z.int().min(0)]), ([id], context) => {
  if (!hostOf(context).remove(id)) throw new RpcError('invalidParams', 'Invalid subscription id.')
  return true
})

export const subscriptionMethods: RpcMethods = {
  signatureSubscribe: subscribe(z.tuple([signatureParam, contextConfig.nullish()]), ([signature]) => ({
    kind: 'signature',
    signature
  })),
  accountSubscribe: subscribe(z.tuple([addressParam, accountConfig.nullish()]), ([address, config], { ledger }) => ({
    kind: 'account',
    address,
    encode: account => encodeAccount(ledger, account, config)
  })),
  programSubscribe: subscribe(
    z.tuple([addressParam, accountConfig.extend({ filters: accountFilters.nullish() }).nullish()]),
    ([program, config], { ledger }) => ({
      kind: 'program',
      program,
      encode: account => encodeAccount(ledger, account, config),
      matches: accountMatcher(config?.filters)
    })
  ),
  logsSubscribe: subscribe(z.tuple([logsFilter, contextConfig.nullish()]), ([mentions]) => ({
    kind: 'logs',
    mentions
  })),
  slotSubscribe: subscribe(configOnly, () => ({ kind: 'slot' })),
  rootSubscribe: subscribe(configOnly, () => ({ kind: 'root' })),
  signatureUnsubscribe: unsubscribe,
  accountUnsubscribe: unsubscribe,
  programUnsubscribe: unsubscribe,
  logsUnsubscribe: unsubscribe,
  slotUnsubscribe: unsubscribe,
  rootUnsubscribe: unsubscribe
}

function subscribe<Params extends z.ZodType>(
  params: Params,
  subscription: (params: z.output<Params>, context: RpcContext) => Subscription
): RpcMethod {
  return method(params, (given, context) => hostOf(context).add(subscription(given, context)))
}

/** @throws RpcError `methodNotFound` over HTTP */
function hostOf({ subscriptions }: RpcContext): NonNullable<RpcContext['subscriptions']> {
  if (subscriptions === undefined) throw new RpcError('methodNotFound', 'subscriptions need a WebSocket')
  return subscriptions
}
