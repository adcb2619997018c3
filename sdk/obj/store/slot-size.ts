const MIN_SLOT_BYTES = 1_024

/**
 * What a piece takes in a store: its size, rounded up to a quarter of an octave from 1 KiB on, so that pieces of similar size share a
 * file of equal slots. The default pieces of 256 KiB fit exactly; the worst waste is a fifth. Quotas count this, in all engines.
 */
export function slotBytes(pieceBytes: number): number {
  if (pieceBytes <= MIN_SLOT_BYTES) return MIN_SLOT_BYTES
  const step = 2 ** (Math.floor(Math.log2(pieceBytes)) - 2)
  return Math.ceil(pieceBytes / step) * step
}
