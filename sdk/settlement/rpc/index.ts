export type { CallOptions, ChainRpc, Lifetime, Simulation, TransactionDraft } from './chain-rpc.ts'
export { type ChainRpcOptions, connectChain } from './web3-chain-rpc.ts'
