import 'reflect-metadata' // @peculiar/x509 needs it loaded first
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator
} from '@peculiar/x509'

export interface DemoCertificate {
  /** Of the authority that was made for this one certificate: give it to `createCraftec({ net: { tlsRoots } })`. */
  readonly rootPem: string
  readonly certificatePem: string
  readonly privateKeyPem: string
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const
const ROOT_NAME = 'CN=Craftec demo authority'
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

/**
 * A certificate for this machine's own names, and the authority that vouches for it. The authority's key is forgotten as soon as it
 * has signed, so that whoever trusts the root trusts nothing else by it.
 */
export async function createDemoCertificate(): Promise<DemoCertificate> {
  const [authority, server] = await Promise.all([newKeys(false), newKeys(true)])
  const validity = { notBefore: new Date(Date.now() - HOUR_MS), notAfter: new Date(Date.now() + 7 * DAY_MS) }
  const root = await X509CertificateGenerator.createSelfSigned(
    {
      ...validity,
      serialNumber: '01',
      name: ROOT_NAME,
      signingAlgorithm: ALGORITHM,
      keys: authority,
      extensions: [
        new BasicConstraintsExtension(true, 0, true),
        new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true)
      ]
    },
    crypto
  )
  const certificate = await X509CertificateGenerator.create(
    {
      ...validity,
      serialNumber: '02',
      subject: 'CN=Craftec demo site',
      issuer: ROOT_NAME,
      publicKey: server.publicKey,
      signingKey: authority.privateKey,
      signingAlgorithm: ALGORITHM,
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
        new SubjectAlternativeNameExtension([
          { type: 'ip', value: '127.0.0.1' },
          { type: 'dns', value: 'localhost' }
        ])
      ]
    },
    crypto
  )
  const pkcs8 = Buffer.from(await crypto.subtle.exportKey('pkcs8', server.privateKey)).toString('base64')
  const lines = pkcs8.match(/.{1,64}/g) ?? []
  return {
    rootPem: root.toString('pem'),
    certificatePem: certificate.toString('pem'),
    privateKeyPem: `-----BEGIN PRIVATE KEY-----\n${lines.join('\n')}\n-----END PRIVATE KEY-----\n`
  }
}

function newKeys(extractable: boolean): Promise<CryptoKeyPair> {
  return crypto.subtle.generateKey(ALGORITHM, extractable, ['sign', 'verify'])
}
