import { describe, expect, it } from 'vitest'
import {
  CERTIFICATE_VALIDITY_MS,
  type CertificateSet,
  CLOCK_SKEW_MS,
  rotateCertificates,
  rotationDueAt
} from './certificate-set.ts'
import type { TlsCertificate } from './tls-certificate.ts'

const START = Date.UTC(2030, 0, 1)
const DAY_MS = 24 * 3_600_000
let made = 0
const make = async (notBefore: number, validityMs: number): Promise<TlsCertificate> => ({
  certificatePem: `certificate ${made}`,
  privateKeyPem: '',
  sha256: Uint8Array.of(made++),
  notBefore,
  notAfter: notBefore + validityMs
})

describe('certificates over time', () => {
  it('are valid at most 14 days, which is what browsers pin', () => {
    expect(CERTIFICATE_VALIDITY_MS).toBeLessThanOrEqual(14 * DAY_MS)
  })

  it('change before the current one ends, to one announced a whole period before', async () => {
    const first = await rotateCertificates(undefined, START, make)
    const due = rotationDueAt(first)
    expect(await rotateCertificates(first, due - 1, make)).toBe(first)
    const second = await rotateCertificates(first, due, make)
    expect(second.previous).toBe(first.current)
    expect(second.current).toBe(first.next)
    expect(second.next.notBefore).toBeLessThan(second.current.notAfter)
  })

  it('are at any time good for peers whose clock is an hour off, for a year', async () => {
    let set: CertificateSet | undefined
    for (let now = START; now < START + 365 * DAY_MS; now += 3_600_000) {
      set = await rotateCertificates(set, now, make)
      expect(set.current.notBefore).toBeLessThanOrEqual(now - CLOCK_SKEW_MS)
      expect(set.current.notAfter).toBeGreaterThan(now + CLOCK_SKEW_MS - 1)
    }
  })

  it('keep a published address dialable for a whole period', async () => {
    const published = await rotateCertificates(undefined, START, make)
    const hashes = [published.current, published.next]
    let set = published
    for (let now = START; now < START + CERTIFICATE_VALIDITY_MS; now += 3_600_000) {
      set = await rotateCertificates(set, now, make)
      expect(hashes).toContain(set.current)
      // A dialer requires that every hash it used is vouched for.
      for (const hash of hashes) expect([set.previous, set.current, set.next]).toContain(hash)
    }
  })

  it('start anew after a long absence, or when the clock was set back', async () => {
    const set = await rotateCertificates(undefined, START, make)
    for (const now of [START + 30 * DAY_MS, START - 2 * DAY_MS]) {
      const fresh = await rotateCertificates(set, now, make)
      expect([set.current, set.next]).not.toContain(fresh.current)
      expect(fresh.current.notBefore).toBeLessThanOrEqual(now)
      expect(fresh.previous).toBeUndefined()
    }
  })
})
