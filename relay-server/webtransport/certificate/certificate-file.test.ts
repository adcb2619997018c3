import { createPrivateKey, X509Certificate } from 'node:crypto'
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadCertificateSet, saveCertificateSet } from './certificate-file.ts'
import { CERTIFICATE_VALIDITY_MS, type CertificateSet, rotateCertificates } from './certificate-set.ts'
import { createSelfSignedCertificate } from './self-signed-certificate.ts'

describe('certificates on disk', () => {
  let directory: string
  let set: CertificateSet
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'craftec-certificates-'))
    set = await rotateCertificates(undefined, Date.now(), createSelfSignedCertificate)
  })
  afterAll(() => rm(directory, { recursive: true, force: true }))

  it('are ECDSA P-256, signed by their own key, valid as long as asked', async () => {
    const { current } = set
    const parsed = new X509Certificate(current.certificatePem)
    expect(parsed.publicKey.asymmetricKeyDetails).toMatchObject({ namedCurve: 'prime256v1' })
    expect(parsed.verify(parsed.publicKey)).toBe(true)
    expect(parsed.checkPrivateKey(createPrivateKey(current.privateKeyPem))).toBe(true)
    expect(parsed.fingerprint256.replaceAll(':', '').toLowerCase()).toBe(Buffer.from(current.sha256).toString('hex'))
    expect(current.notAfter - current.notBefore).toBe(CERTIFICATE_VALIDITY_MS)
  })

  it('come back as they were, for the owner only', async () => {
    const path = join(directory, 'deep', 'set.json')
    expect(await loadCertificateSet(path)).toBeUndefined()
    await saveCertificateSet(path, set)
    expect(await loadCertificateSet(path)).toEqual(set)
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    const later = await rotateCertificates(set, set.current.notAfter, createSelfSignedCertificate)
    await saveCertificateSet(path, later)
    expect(await loadCertificateSet(path)).toEqual(later)
  })

  it('are not taken from a file that others can read', async () => {
    const path = join(directory, 'open.json')
    await saveCertificateSet(path, set)
    await chmod(path, 0o644)
    await expect(loadCertificateSet(path)).rejects.toMatchObject({ code: 'key-file-unsafe' })
  })

  it('are refused when damaged, with advice', async () => {
    const path = join(directory, 'damaged.json')
    await saveCertificateSet(path, set)
    const good = await readFile(path, 'utf8')
    for (const text of [
      '',
      '[]',
      'null',
      '{"format":2}',
      good.slice(0, 500),
      good.replaceAll('CERTIFICATE', 'NOTHING')
    ]) {
      await writeFile(path, text, { mode: 0o600 })
      await expect(loadCertificateSet(path)).rejects.toMatchObject({ code: 'malformed' })
    }
    await writeFile(path, ' '.repeat(100_000), { mode: 0o600 })
    await expect(loadCertificateSet(path)).rejects.toMatchObject({ code: 'malformed' })
  })
})
