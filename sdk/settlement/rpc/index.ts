export type { CallOptions, ChainRpc, Lifetime, Simulation } from './chain-rpc.ts'
export { compileTransaction, type TransactionDraft } from './compile-transaction.ts'
export { type ChainRpcOptions, connectChain } from './json-rpc-chain.ts'
