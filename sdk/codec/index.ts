export { decodeBase58, encodeBase58 } from './base58.ts'
export { ByteReader, ByteWriter } from './bytes.ts'
export { decodeHex, encodeHex } from './hex.ts'
