export { type ConfiguredExit, createConfiguredExit } from './create-exit.ts'
export { runRelay } from './run-relay.ts'
export { type RelayService, startRelay } from './start-relay.ts'
