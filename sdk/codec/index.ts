export { decodeBase58, encodeBase58 } from './base58.ts'
export { decodeBase64, encodeBase64 } from './base64.ts'
export {
  array,
  type BorshCodec,
  type BorshValue,
  bool,
  decodeBorsh,
  encodeBorsh,
  fixedBytes,
  i64,
  option,
  struct,
  u8,
  u16,
  u32,
  u64,
  vec
} from './borsh.ts'
export { ByteReader, ByteWriter } from './bytes.ts'
export { decodeHex, encodeHex } from './hex.ts'
