export { type Answer, type AnswerOptions, answerRequest } from './answer-request.ts'
export { stringifyAnswer } from './json.ts'
export { RpcError } from './rpc-error.ts'
export { inContext, type RpcContext, type Subscription, type SubscriptionHost } from './rpc-method.ts'
