export {
  CraftecError,
  type CraftecErrorOptions,
  ERROR_CODES,
  type ErrorCode,
  type ErrorWire,
  isErrorWire
} from './craftec-error.ts'
