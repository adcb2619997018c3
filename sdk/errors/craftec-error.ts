/**
 * The one error type of the SDK. Callers branch on `code`, never on text.
 * The list of codes is closed: adding one is a minor release, changing the meaning of one is a major release.
 */
export const ERROR_CODES = [
  // any layer
  'invalid-argument', // a value the caller passed is out of range or of the wrong shape
  'unknown-option', // an options object has a key that does not exist
  'aborted', // the caller's AbortSignal fired
  'timeout', // a deadline passed
  'stopped', // the node was stopped, or is being stopped
  'unsupported', // this runtime lacks what the call needs
  'limit-exceeded', // a bound on size, count or rate was reached
  'malformed', // bytes or text that do not decode
  'config-invalid', // a configuration file or flag does not fit the schema
  'internal', // a defect of this SDK; please report it
  // identity
  'invalid-did',
  'invalid-signature',
  'wrong-passphrase',
  'vault-corrupt',
  'key-file-unsafe', // a key file others can read, or that cannot be read
  'storage-unavailable', // no IndexedDB (private mode), no file system
  'storage-full',
  // stored content
  'storage-corrupt', // what lies in the store does not decode: another program wrote there, or the medium is failing
  'content-unknown', // the store does not hold this content
  'content-unavailable', // nobody who can be reached has enough of it
  'content-corrupt', // its publisher signed something that does not fit together
  // links
  'bootstrap-unreachable', // none of the bootstrap addresses answered
  'link-failed', // a connection to a peer could not be made
  'link-closed', // the peer, or the network, ended a connection
  'protocol-violation', // a peer broke the protocol
  // onion network
  'descriptor-invalid',
  'directory-empty', // no valid, fresh descriptor is known
  'no-path', // the path rules leave no candidate
  'circuit-failed', // a circuit could not be built
  'circuit-destroyed', // a circuit ended while in use
  'exit-refused', // the exit's policy forbids the target
  'name-not-resolved', // the exit could not resolve the host name
  'connect-failed', // the exit could not connect to the target
  'stream-reset', // the far end reset the stream
  'insecure-url', // plain http: without the caller's leave
  'tls-failed', // TLS with the target failed after it had begun well, or in an engine that does not say why
  'tls-handshake-failed', // the server refused the handshake
  'tls-version-unsupported', // the server does not speak TLS 1.3
  'tls-protocol-violation', // the server, or somebody on the way, broke the rules of TLS: a defect or an attack
  'tls-truncated', // the bytes ended without TLS saying so: cut off by the network or by an attacker
  'tls-certificate-name-mismatch', // the certificate is for other names
  'tls-certificate-expired', // a certificate is not valid at this time; check the device's clock too
  'tls-certificate-untrusted', // no trusted authority vouches for the certificate
  'tls-certificate-invalid', // a certificate is malformed, too weak, or not allowed to do what it does
  'http-malformed', // the target's answer is not valid HTTP
  'body-truncated', // the answer ended before its declared length
  'redirect-failed', // too many redirects, or redirect: 'error'
  'websocket-refused', // the target answered the opening handshake of a WebSocket with something else
  // settlement
  'account-invalid', // an on-chain account belongs to another program, or is of another kind, version or size
  'transaction-failed', // a program on the chain refused a transaction; details say which program, and its code
  'transaction-expired', // it was signed, but no block took it in time and none can any more; trying again is safe
  'payment-under-way', // the same payment was signed before and may still happen
  'already-paid', // the same payment has happened
  'rpc-unreachable', // none of the chain's RPC endpoints answered
  'rpc-invalid', // an RPC endpoint answered with what cannot be true
  'cluster-mismatch', // RPC endpoints, wallet and payment are not all of one cluster
  'wallet-unavailable', // no wallet was found, or it cannot do what is needed
  'wallet-rejected', // the user, or the wallet, said no
  'wallet-invalid' // the wallet signed something else than it was asked to
] as const

export type ErrorCode = (typeof ERROR_CODES)[number]

/** What `postMessage` can carry of a {@link CraftecError}: structured clone drops the class and its own fields. */
export interface ErrorWire {
  readonly craftecError: 1
  readonly code: ErrorCode
  readonly message: string
  readonly details?: Readonly<Record<string, string | number | boolean>>
  readonly cause?: ErrorWire | { readonly name: string; readonly message: string }
}

export interface CraftecErrorOptions {
  readonly cause?: unknown
  /** Small facts for programs: limits, counts, positions. Never keys, targets or addresses. */
  readonly details?: Readonly<Record<string, string | number | boolean>>
}

/**
 * An error with a stable {@link ErrorCode}.
 * @example
 * import { CraftecError } from '@craftec/web'
 * try { throw new CraftecError('timeout', 'no answer within 10000 ms; raise timeoutMs or check the network') }
 * catch (error) { if (error instanceof CraftecError && error.code === 'timeout') console.log('try again') }
 */
export class CraftecError extends Error {
  override readonly name = 'CraftecError'
  readonly code: ErrorCode
  readonly details: Readonly<Record<string, string | number | boolean>>

  constructor(code: ErrorCode, message: string, options: CraftecErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.details = options.details ?? {}
  }

  /** A plain object that survives structured clone; {@link CraftecError.fromWire} is its inverse. */
  toWire(): ErrorWire {
    const cause = this.cause
    return {
      craftecError: 1,
      code: this.code,
      message: this.message,
      details: this.details,
      ...(cause instanceof CraftecError
        ? { cause: cause.toWire() }
        : cause instanceof Error
          ? { cause: { name: cause.name, message: cause.message } }
          : {})
    }
  }

  /**
   * Rebuild an error on the other side of a `MessagePort`.
   * @throws CraftecError `malformed` when `value` is not an {@link ErrorWire}
   */
  static fromWire(value: unknown): CraftecError {
    if (!isErrorWire(value)) throw new CraftecError('malformed', 'expected an error record from the other side')
    const cause =
      value.cause === undefined
        ? undefined
        : isErrorWire(value.cause)
          ? CraftecError.fromWire(value.cause)
          : new Error(value.cause.message)
    return new CraftecError(value.code, value.message, { cause, ...(value.details ? { details: value.details } : {}) })
  }

  /** `error` itself if it is a CraftecError, else one with `code` that keeps it as the cause. */
  static from(error: unknown, code: ErrorCode = 'internal', message?: string): CraftecError {
    if (error instanceof CraftecError) return error
    return new CraftecError(code, message ?? (error instanceof Error ? error.message : String(error)), { cause: error })
  }
}

export function isErrorWire(value: unknown): value is ErrorWire {
  if (typeof value !== 'object' || value === null) return false
  const wire = value as Partial<ErrorWire>
  return wire.craftecError === 1 && typeof wire.message === 'string' && ERROR_CODES.includes(wire.code as ErrorCode)
}
