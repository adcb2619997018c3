export type HashName = 'SHA-256' | 'SHA-384'

/** RFC 8446 §B.4. */
export interface CipherSuite {
  readonly id: number
  readonly name: 'TLS_AES_128_GCM_SHA256' | 'TLS_AES_256_GCM_SHA384' | 'TLS_CHACHA20_POLY1305_SHA256'
  readonly aead: 'AES-GCM' | 'ChaCha20-Poly1305'
  readonly keyBytes: number
  readonly hash: HashName
  readonly hashBytes: number
}

/**
 * In order of preference. AES first: WebCrypto runs it in hardware, ChaCha20 is ours to compute.
 * The CCM suites are left out, as browsers leave them out.
 */
export const CIPHER_SUITES: readonly CipherSuite[] = [
  { id: 0x1301, name: 'TLS_AES_128_GCM_SHA256', aead: 'AES-GCM', keyBytes: 16, hash: 'SHA-256', hashBytes: 32 },
  { id: 0x1302, name: 'TLS_AES_256_GCM_SHA384', aead: 'AES-GCM', keyBytes: 32, hash: 'SHA-384', hashBytes: 48 },
  {
    id: 0x1303,
    name: 'TLS_CHACHA20_POLY1305_SHA256',
    aead: 'ChaCha20-Poly1305',
    keyBytes: 32,
    hash: 'SHA-256',
    hashBytes: 32
  }
]
