export { type ChainLog, silentLog } from './chain-log.ts'
export { settlementProgram } from './settlement-program.ts'
export { type Chain, type ChainOptions, type ChainProgram, startChain } from './start-chain.ts'
