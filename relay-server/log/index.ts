export { createRelayLogger, type LogFields, type LogLevel, type RelayLogger } from './relay-logger.ts'
