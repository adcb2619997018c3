/** JSON-RPC 2.0: what comes in is text from anyone, what goes out is always one answer, or a list of them, or nothing. */
import { z } from 'zod'
import { CraftecError } from '../../sdk/errors/index.ts'
import { accountMethods } from './account-methods.ts'
import { clusterMethods } from './cluster-methods.ts'
import { faucetMethods } from './faucet-methods.ts'
import { historyMethods } from './history-methods.ts'
import { stringifyAnswer } from './json.ts'
import { RpcError } from './rpc-error.ts'
import type { RpcContext, RpcMethods } from './rpc-method.ts'
import { subscriptionMethods } from './subscription-methods.ts'
import { testMethods } from './test-methods.ts'
import { tokenMethods } from './token-methods.ts'
import { transactionMethods } from './transaction-methods.ts'

export interface AnswerOptions {
  /** Serve what no chain allows: time travel, accounts and programs out of nothing. */
  readonly testMethods: boolean
  readonly maxBatch: number
  /** Count one more request against the rate; false when there are too many. */
  readonly admit: () => boolean
  /** For what is a defect of this server; the client is told no more than that. */
  readonly onDefect: (error: unknown) => void
}

const PUBLIC_METHODS: RpcMethods = {
  ...accountMethods,
  ...clusterMethods,
  ...faucetMethods,
  ...historyMethods,
  ...subscriptionMethods,
  ...tokenMethods,
  ...transactionMethods
}

const id = z.union([z.string().max(256), z.number(), z.null()])
const request = z.object({
  jsonrpc: z.literal('2.0'),
  id: id.optional(),
  method: z.string().max(64),
  params: z.unknown().optional()
})

export interface Answer {
  /** JSON; undefined when nothing but notifications came. */
  readonly text: string | undefined
  /** Nothing was done because of the rate: HTTP has a status for that. */
  readonly tooFast: boolean
}

export async function answerRequest(text: string, context: RpcContext, options: AnswerOptions): Promise<Answer> {
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    return answerOf(failure(null, new RpcError('parseError', 'Parse error')))
  }
  const items: readonly unknown[] = Array.isArray(body) ? body : [body]
  if (items.length === 0) return answerOf(failure(null, new RpcError('invalidRequest', 'an empty batch')))
  if (items.length > options.maxBatch) {
    const refusal = new RpcError('limitExceeded', `at most ${options.maxBatch} requests in a batch`)
    return answerOf(failure(null, refusal))
  }
  if (items.some(() => !options.admit())) {
    const refusal = new RpcError('limitExceeded', 'too many requests: wait a second and try again')
    return { ...answerOf(failure(null, refusal)), tooFast: true }
  }
  const answers: object[] = []
  for (const item of items) {
    const answer = await answerOne(item, context, options)
    if (answer !== undefined) answers.push(answer)
  }
  return answerOf(Array.isArray(body) && answers.length > 0 ? answers : answers[0])
}

function answerOf(value: object | undefined): Answer {
  return { text: value === undefined ? undefined : stringifyAnswer(value), tooFast: false }
}

async function answerOne(item: unknown, context: RpcContext, options: AnswerOptions): Promise<object | undefined> {
  const parsed = request.safeParse(item)
  if (!parsed.success) return failure(null, new RpcError('invalidRequest', 'Invalid request'))
  const { id, method: name, params } = parsed.data
  // A notification: web3.js sends "ping" so, to keep its connection open. It has no answer, not even a wrong one.
  if (id === undefined) return undefined
  try {
    const result = await find(name, options).call(params, context)
    return { jsonrpc: '2.0', id, result: result ?? null }
  } catch (error) {
    if (error instanceof RpcError) return failure(id, error)
    if (error instanceof CraftecError && error.code !== 'internal') {
      return failure(id, new RpcError('invalidParams', error.message))
    }
    options.onDefect(error)
    return failure(id, new RpcError('internalError', 'Internal error'))
  }
}

/** @throws RpcError `methodNotFound` */
function find(name: string, options: AnswerOptions): RpcMethods[string] {
  for (const methods of options.testMethods ? [PUBLIC_METHODS, testMethods] : [PUBLIC_METHODS]) {
    const found = Object.hasOwn(methods, name) ? methods[name] : undefined
    if (found !== undefined) return found
  }
  throw new RpcError(
    'methodNotFound',
    Object.hasOwn(testMethods, name) ? `${name} is served only with --test-methods` : 'Method not found'
  )
}

function failure(id: string | number | null, { code, message, data }: RpcError): object {
  return { jsonrpc: '2.0', error: { code, message, ...(data === undefined ? {} : { data }) }, id }
}
