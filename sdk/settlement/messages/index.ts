export { magic } from './magic.ts'
export {
  checkVoucher,
  decodeSignedVoucher,
  decodeVoucher,
  encodeSignedVoucher,
  encodeVoucher,
  type SignedVoucher,
  VOUCHER_BYTES,
  type Voucher,
  type VoucherRules
} from './voucher.ts'
