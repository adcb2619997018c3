import type { CraftecError } from '../../errors/index.ts'
import { type AlertName, tlsError } from '../alert.ts'

/** The server's certificate is not acceptable whoever signed it: malformed, forbidden, or used against its purpose. */
export function invalidCertificate(message: string, alert: AlertName = 'bad_certificate'): CraftecError {
  return tlsError(alert, `certificate: ${message}`, { code: 'tls-certificate-invalid' })
}

/** No chain of valid signatures leads to a trust anchor. */
export function untrustedCertificate(message: string): CraftecError {
  return tlsError('unknown_ca', `certificate: ${message}`, { code: 'tls-certificate-untrusted' })
}

export function expiredCertificate(message: string): CraftecError {
  return tlsError('certificate_expired', `certificate: ${message}`, { code: 'tls-certificate-expired' })
}

export function nameMismatch(message: string): CraftecError {
  return tlsError('bad_certificate', `certificate: ${message}`, { code: 'tls-certificate-name-mismatch' })
}
