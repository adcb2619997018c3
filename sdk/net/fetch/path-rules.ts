import { CraftecError } from '../../errors/index.ts'

/** Relays before the exit: Direct 0, Single 1, Double 2, Triple 3, Quad 4. */
export type HopCount = 0 | 1 | 2 | 3 | 4

/** Which exits are acceptable. */
export interface ExitRule {
  /** ISO 3166 alpha-2, upper case, as the exit states it. */
  readonly country?: string
  /** The exit's PeerId or DID: this one or none. */
  readonly identity?: string
}

/** What a caller may say about the way a stream takes. Two streams with different rules never share a circuit. */
export interface PathRules {
  readonly hops: HopCount
  readonly exit?: ExitRule | undefined
}

/** @throws CraftecError `invalid-argument` */
export function hopCount(value: unknown): HopCount {
  if (value === 0 || value === 1 || value === 2 || value === 3 || value === 4) return value
  throw new CraftecError('invalid-argument', 'hops must be 0, 1, 2, 3 or 4: the number of relays before the exit')
}

/** @throws CraftecError `invalid-argument` | `unknown-option` */
export function exitRule(value: unknown): ExitRule | undefined {
  if (value === undefined) return undefined
  if (typeof value !== 'object' || value === null)
    throw new CraftecError('invalid-argument', 'exit must be an object such as { country: "DE" }')
  const { country, identity, ...rest } = value as Record<string, unknown>
  const [unknown] = Object.keys(rest)
  if (unknown !== undefined) throw new CraftecError('unknown-option', `exit has no option "${unknown}"`)
  if (country !== undefined && !(typeof country === 'string' && /^[A-Z]{2}$/.test(country)))
    throw new CraftecError('invalid-argument', 'exit.country must be two upper-case letters (ISO 3166), such as "DE"')
  if (identity !== undefined && !(typeof identity === 'string' && identity.length > 0 && identity.length <= 128))
    throw new CraftecError('invalid-argument', 'exit.identity must be a PeerId or a DID')
  if (country === undefined && identity === undefined) return undefined
  return { ...(country === undefined ? {} : { country }), ...(identity === undefined ? {} : { identity }) }
}
