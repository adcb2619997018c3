/**
 * Which certificates a WebTransport listener has at a time (libp2p WebTransport specification, "Certificates"). Addresses
 * carry the hashes of two, the one in use and its successor, so a published address stays dialable for at least one more
 * validity period. The Noise handshake also vouches for the one before, which older addresses still name.
 */
import type { TlsCertificate } from './tls-certificate.ts'

const HOUR_MS = 3_600_000
/** Browsers pin certificates valid at most 14 days; a day less leaves no room for rounding. */
export const CERTIFICATE_VALIDITY_MS = 13 * 24 * HOUR_MS
/** How far off a peer's clock may be. */
export const CLOCK_SKEW_MS = HOUR_MS

export interface CertificateSet {
  readonly previous: TlsCertificate | undefined
  readonly current: TlsCertificate
  readonly next: TlsCertificate
}

/** @param notBefore milliseconds since the Unix epoch */
export type MakeCertificate = (notBefore: number, validityMs: number) => Promise<TlsCertificate>

/** When {@link rotateCertificates} will have something to do: an hour before the current certificate ends. */
export function rotationDueAt(set: CertificateSet): number {
  return set.current.notAfter - CLOCK_SKEW_MS
}

/**
 * Bring a set up to date.
 * @param set what was stored, or `undefined` on the first start
 * @returns `set` itself when nothing was due
 */
export async function rotateCertificates(
  set: CertificateSet | undefined,
  now: number,
  make: MakeCertificate
): Promise<CertificateSet> {
  // A clock set back, or an end of all that was announced: nothing stored is of use.
  const lost = set === undefined || now < set.current.notBefore || now >= set.next.notAfter - CLOCK_SKEW_MS
  if (lost) {
    const current = await make(now - CLOCK_SKEW_MS, CERTIFICATE_VALIDITY_MS)
    return { previous: undefined, current, next: await makeSuccessor(current, make) }
  }
  if (now < rotationDueAt(set)) return set
  return { previous: set.current, current: set.next, next: await makeSuccessor(set.next, make) }
}

/** Valid early enough that at the switch it is good for a peer whose clock is an hour behind. */
function makeSuccessor(current: TlsCertificate, make: MakeCertificate): Promise<TlsCertificate> {
  return make(current.notAfter - 2 * CLOCK_SKEW_MS, CERTIFICATE_VALIDITY_MS)
}
