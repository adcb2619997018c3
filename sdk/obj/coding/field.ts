/**
 * GF(2^8) with the polynomial x^8 + x^4 + x^3 + x^2 + 1 (0x11D, not the one of AES) and generator 2.
 * Addition and subtraction are XOR.
 */
const POLYNOMIAL = 0x11d
const ORDER = 255

export interface Field {
  /** `exp[i] = 2^i`, twice over so that a sum of two logarithms needs no reduction. 510 entries. */
  readonly exp: Uint8Array
  /** `log[0]` means nothing. */
  readonly log: Uint8Array
  multiply(a: number, b: number): number
  /** @param a not zero */
  inverse(a: number): number
}

let field: Field | undefined

/** The tables, made at the first call. */
export function gf256(): Field {
  field ??= makeField()
  return field
}

function makeField(): Field {
  const exp = new Uint8Array(2 * ORDER)
  const log = new Uint8Array(256)
  let x = 1
  for (let i = 0; i < ORDER; i++) {
    exp[i] = exp[i + ORDER] = x
    log[x] = i
    x <<= 1
    if (x > 255) x ^= POLYNOMIAL
  }
  const at = (table: Uint8Array, index: number): number => table[index] as number
  return {
    exp,
    log,
    multiply: (a, b) => (a === 0 || b === 0 ? 0 : at(exp, at(log, a) + at(log, b))),
    inverse: a => at(exp, ORDER - at(log, a))
  }
}
