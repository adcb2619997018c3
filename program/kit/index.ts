export * as calls from './calls/index.ts'
export * from './cases.ts'
export {
  Addresses,
  decodeAccount,
  decodeEvents,
  type Event,
  errorCode,
  idl,
  instruction,
  instructionNamed
} from './client.ts'
export { measureComputeUnits } from './compute-units.ts'
export { deployProgram, programDataAddress, UPGRADEABLE_LOADER } from './deploy.ts'
export { type Entry, leaf, Tree } from './merkle.ts'
export {
  distributionMessage,
  ed25519Instruction,
  ed25519WithSignatures,
  type Voucher,
  voucherMessage
} from './messages.ts'
export { type AccountState, type Outcome, Runtime } from './runtime.ts'
export { signMessage } from './sign-message.ts'
export * from './tokens.ts'
export type { Value, Values } from './values.ts'
export * from './world.ts'
