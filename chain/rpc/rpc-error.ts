/** Errors of JSON-RPC 2.0 and of Agave's RPC (`rpc-client-api/src/custom_error.rs`), by the names that are used there. */
export const RPC_ERROR_CODES = {
  parseError: -32700,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  internalError: -32603,
  preflightFailure: -32002,
  signatureVerificationFailure: -32003,
  blockNotAvailable: -32004,
  unsupportedTransactionVersion: -32015,
  minContextSlotNotReached: -32016,
  /** Ours: a bound of this server was reached. Agave has no code for it; providers answer HTTP 429. */
  limitExceeded: -32005
} as const

/** A refusal that reaches the client as it is. Anything else that is thrown becomes `internalError` without details. */
export class RpcError extends Error {
  override readonly name = 'RpcError'
  readonly code: number
  readonly data: unknown

  constructor(kind: keyof typeof RPC_ERROR_CODES, message: string, data?: unknown) {
    super(message)
    this.code = RPC_ERROR_CODES[kind]
    this.data = data
  }
}
