// The coding kernels as the host sees them. Lists of addresses are u32; lengths are multiples of 64 bytes (the host pads with zeros,
// which every linear combination keeps zero).

import { combineByPlanes, scratchBytes } from './combine-bitplanes'
import { combineFourRows, combineOneRow } from './combine-nibbles'
import { combineOverlapped, overlappedScratchBytes, overlaps } from './combine-overlapped'
import { makeTables } from './gf256'

export { reductionAdd, reductionBytes, reductionHistory, reductionInput, reductionStart } from './row-reduction'

/** Call once before anything else. @returns the first free address */
export function start(): usize {
  makeTables()
  return (__heap_base + 63) & ~63
}

/** Bytes of scratch that `combine` needs for at most so many rows and inputs. */
export function combineScratchBytes(rows: usize, count: usize): usize {
  return max(scratchBytes(rows, count), overlappedScratchBytes(rows, count))
}

/**
 * output[r] = sum over j of coefficients[r * count + j] * input[j].
 * Which kernel wins was measured (x64, V8): look-up for few rows, bit planes for many; without a native shuffle the
 * planes win earlier.
 */
export function combine(outputs: usize, rows: usize, inputs: usize, count: usize, coefficients: usize, scratch: usize, length: usize): void {
  const planesFrom: usize = isDefined(RELAXED) ? 20 : 6
  if (!isDefined(RELAXED) && rows >= planesFrom && overlaps(rows, count))
    return combineOverlapped(outputs, rows, inputs, count, coefficients, scratch, length)
  if (rows >= planesFrom) return combineByPlanes(outputs, rows, inputs, count, coefficients, scratch, length)
  const fours = rows & ~3
  if (fours > 0) combineFourRows(outputs, fours, inputs, count, coefficients, length)
  for (let row = fours; row < rows; row++) combineOneRow(load<u32>(outputs + (row << 2)), inputs, count, coefficients + row * count, length)
}
