/** A self-signed certificate with its key, as TLS servers take them. */
export interface TlsCertificate {
  readonly certificatePem: string
  readonly privateKeyPem: string
  /** SHA-256 over the DER certificate: what a browser pins as `serverCertificateHashes`. */
  readonly sha256: Uint8Array
  /** Milliseconds since the Unix epoch. */
  readonly notBefore: number
  readonly notAfter: number
}
