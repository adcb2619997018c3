export { Faucet } from './faucet.ts'
export { addressOf, type ChainKeys, createChainKeys, signerOf } from './key-pair.ts'
export { sendInstructions } from './send-instructions.ts'
