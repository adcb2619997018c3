export { type ChainLog, silentLog } from './chain-log.ts'
export type { ChainProgram } from './chain-program.ts'
export { settlementProgram } from './settlement/index.ts'
export { type Chain, type ChainOptions, startChain } from './start-chain.ts'
