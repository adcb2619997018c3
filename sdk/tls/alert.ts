import { CraftecError, type ErrorCode } from '../errors/index.ts'

/** AlertDescription of RFC 8446 §6. */
const ALERTS = {
  close_notify: 0,
  unexpected_message: 10,
  bad_record_mac: 20,
  record_overflow: 22,
  handshake_failure: 40,
  bad_certificate: 42,
  unsupported_certificate: 43,
  certificate_revoked: 44,
  certificate_expired: 45,
  certificate_unknown: 46,
  illegal_parameter: 47,
  unknown_ca: 48,
  access_denied: 49,
  decode_error: 50,
  decrypt_error: 51,
  protocol_version: 70,
  insufficient_security: 71,
  internal_error: 80,
  inappropriate_fallback: 86,
  user_canceled: 90,
  missing_extension: 109,
  unsupported_extension: 110,
  unrecognized_name: 112,
  bad_certificate_status_response: 113,
  unknown_psk_identity: 115,
  certificate_required: 116,
  no_application_protocol: 120
} as const

export type AlertName = keyof typeof ALERTS

const NAMES: ReadonlyMap<number, string> = /* @__PURE__ */ new Map(
  /* @__PURE__ */ Object.entries(ALERTS).map(([name, number]) => [number, name])
)
const LEVEL_WARNING = 1
const LEVEL_FATAL = 2

/**
 * What to throw when the server broke a rule: the code tells the caller, `details.alert` tells the server.
 * @param code default `tls-protocol-violation`
 */
export function tlsError(
  alert: AlertName,
  message: string,
  options: { readonly code?: ErrorCode; readonly cause?: unknown } = {}
): CraftecError {
  const { code = 'tls-protocol-violation', cause } = options
  return new CraftecError(code, message, { cause, details: { alert, alertFrom: 'client' } })
}

/** The alert a failure is answered with: the one it names, else `user_canceled` for the caller's own doing. */
export function alertFor(error: unknown): AlertName {
  if (!(error instanceof CraftecError)) return 'internal_error'
  const { alert, alertFrom } = error.details
  if (alertFrom === 'client' && typeof alert === 'string' && alert in ALERTS) return alert as AlertName
  return error.code === 'aborted' || error.code === 'timeout' ? 'user_canceled' : 'internal_error'
}

/** The two bytes of an alert record. §6: only the two closure alerts are warnings. */
export function encodeAlert(alert: AlertName): Uint8Array {
  const level = alert === 'close_notify' || alert === 'user_canceled' ? LEVEL_WARNING : LEVEL_FATAL
  return Uint8Array.of(level, ALERTS[alert])
}

/**
 * @returns the alert's name; its number as text when the RFC does not define it
 * @throws CraftecError `tls-protocol-violation` when it is not exactly one alert
 */
export function decodeAlert(content: Uint8Array): string {
  const [, description] = content
  // §5.1: an alert is neither split over records nor joined with another. §6: the level carries no meaning any more.
  if (content.length !== 2 || description === undefined)
    throw tlsError('decode_error', `an alert has 2 bytes, got ${content.length}`)
  return NAMES.get(description) ?? String(description)
}

/** What an alert from the server means to the caller. @param inHandshake no application data has come yet */
export function receivedAlert(alert: string, inHandshake: boolean): CraftecError {
  const details = { alert, alertFrom: 'server' }
  if (alert === 'protocol_version')
    return new CraftecError('tls-version-unsupported', 'the server does not speak TLS 1.3', { details })
  return inHandshake
    ? new CraftecError('tls-handshake-failed', `the server refused the handshake: ${alert}`, { details })
    : new CraftecError('tls-failed', `the server ended the session: ${alert}`, { details })
}
