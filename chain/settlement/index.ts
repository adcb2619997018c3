export { setUpSettlement } from './set-up-settlement.ts'
export { SETTLEMENT, settlementProgram } from './settlement-program.ts'
