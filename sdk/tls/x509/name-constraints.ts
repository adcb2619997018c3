/** Name constraints of RFC 5280 §4.2.1.10: what a CA may name. */
import type { Certificate } from './certificate.ts'
import { invalidCertificate } from './certificate-error.ts'
import { alternativeNames, OID } from './certificate-rules.ts'
import { contextConstructed, DerReader, derWhole, oidText, TAG } from './der.ts'
import { type GeneralName, readGeneralName } from './general-name.ts'

/** A name as it is compared: what costs time is done once a name, not once a pair. */
type Comparable =
  | { readonly kind: 'dns'; readonly name: string }
  | { readonly kind: 'ip'; readonly address: Uint8Array }
  | { readonly kind: 'directory'; readonly parts: readonly string[] }
  | { readonly kind: 'other'; readonly form: number }

export interface NameConstraints {
  readonly permitted: readonly Comparable[]
  readonly excluded: readonly Comparable[]
}

/** What is left to spend on one search for a path, over all paths. */
export interface ComparisonBudget {
  left: number
}

/**
 * Hostile certificates hold thousands of names and constraints each, and there are many paths. In comparisons; the largest
 * lists in the field (some hundred names under some hundred constraints) take a third of it.
 */
const MAX_COMPARISONS = 250_000
/** Reading a name costs as much as so many comparisons. */
const READING = 8

export function comparisonBudget(): ComparisonBudget {
  return { left: MAX_COMPARISONS }
}

/** @throws CraftecError `tls-certificate-invalid` */
export function readNameConstraints(certificate: Certificate): NameConstraints | undefined {
  const extension = certificate.extensions.get(OID.nameConstraints)
  if (extension === undefined) return undefined
  const fields = derWhole(extension.value, TAG.sequence)
  const permitted = readSubtrees(fields.optional(contextConstructed(0))?.content)
  const excluded = readSubtrees(fields.optional(contextConstructed(1))?.content)
  fields.end()
  if (permitted.length + excluded.length === 0) throw invalidCertificate('empty name constraints')
  return { permitted, excluded }
}

function readSubtrees(content: Uint8Array | undefined): readonly Comparable[] {
  if (content === undefined) return []
  const list = new DerReader(content)
  const names: Comparable[] = []
  while (!list.done) {
    const subtree = list.inner(TAG.sequence)
    const name = readGeneralName(subtree)
    // minimum is 0 by default and may be nothing else, maximum must be absent.
    subtree.end()
    if (name.kind === 'ip') checkMask(name.address)
    names.push(comparable(name))
  }
  return names
}

function checkMask(range: Uint8Array): void {
  const width = range.length / 2
  if (width !== 4 && width !== 16) throw invalidCertificate('an address range that is neither IPv4 nor IPv6')
  const bits = [...range.subarray(width)].map(byte => byte.toString(2).padStart(8, '0')).join('')
  if (bits.includes('01')) throw invalidCertificate('an address mask with holes')
}

/**
 * Hold all names of `certificate` against the constraints of a CA above it.
 * @param budget shared by all calls of one search
 * @throws CraftecError `tls-certificate-invalid` when a name is outside, or of a form that cannot be judged
 */
export function checkNames(
  certificate: Certificate,
  { permitted, excluded }: NameConstraints,
  budget: ComparisonBudget
): void {
  const names: GeneralName[] = [...alternativeNames(certificate)]
  if (!derWhole(certificate.subject, TAG.sequence).done) names.push({ kind: 'directory', name: certificate.subject })
  const trees = permitted.length + excluded.length
  budget.left -= names.length * trees + READING * (names.length + trees)
  if (budget.left < 0) throw invalidCertificate('too many names and constraints')
  for (const name of names.map(comparable)) {
    if (excluded.some(tree => sameForm(name, tree) && overlaps(name, tree)))
      throw invalidCertificate('a name that its issuer may not certify')
    const own = permitted.filter(tree => sameForm(name, tree))
    if (own.length > 0 && !own.some(tree => within(name, tree)))
      throw invalidCertificate('a name outside of what its issuer may certify')
  }
}

function comparable(name: GeneralName): Comparable {
  if (name.kind === 'dns') return { kind: 'dns', name: name.name.toLowerCase().replace(/\.$/, '') }
  if (name.kind === 'directory') return { kind: 'directory', parts: relativeNames(name.name) }
  return name
}

function sameForm(name: Comparable, tree: Comparable): boolean {
  return name.kind === tree.kind && (name.kind !== 'other' || tree.kind !== 'other' || name.form === tree.form)
}

/** Every host that `name` stands for is in the subtree. */
function within(name: Comparable, tree: Comparable): boolean {
  if (name.kind === 'dns' && tree.kind === 'dns') return dnsWithin(name.name, tree.name)
  return matches(name, tree)
}

/** Some host that `name` stands for is in the subtree: a wildcard may reach into it from above. */
function overlaps(name: Comparable, tree: Comparable): boolean {
  if (name.kind === 'dns' && tree.kind === 'dns') {
    if (dnsWithin(name.name, tree.name)) return true
    return name.name.startsWith('*.') && dnsWithin(tree.name.replace(/^\./, ''), name.name.slice(2))
  }
  // Forms that are not understood cannot be cleared of lying in an excluded subtree.
  return name.kind === 'other' || matches(name, tree)
}

function matches(name: Comparable, tree: Comparable): boolean {
  if (name.kind === 'ip' && tree.kind === 'ip') return addressWithin(name.address, tree.address)
  // The constraint's relative names are the first of the name's.
  if (name.kind === 'directory' && tree.kind === 'directory')
    return tree.parts.every((part, at) => part === name.parts[at])
  return false
}

/** "example.org" covers itself and everything below; with a leading dot, only what is below; empty covers all. */
function dnsWithin(host: string, base: string): boolean {
  if (base === '') return true
  return base.startsWith('.')
    ? host.endsWith(base) && host.length > base.length
    : host === base || host.endsWith(`.${base}`)
}

function addressWithin(address: Uint8Array, range: Uint8Array): boolean {
  const width = address.length
  if (range.length !== 2 * width) return false
  return address.every(
    (byte, at) => (byte & (range[width + at] ?? 0)) === ((range[at] ?? 0) & (range[width + at] ?? 0))
  )
}

/** §7.1: letter case and runs of spaces do not tell names apart, nor does the kind of string. */
function relativeNames(name: Uint8Array): string[] {
  const list = derWhole(name, TAG.sequence)
  const parts: string[] = []
  while (!list.done) {
    const set = list.inner(TAG.set)
    const attributes: string[] = []
    while (!set.done) {
      const attribute = set.inner(TAG.sequence)
      const oid = oidText(attribute.value(TAG.oid))
      const { tag, content } = attribute.any()
      attribute.end()
      attributes.push(`${oid}=${attributeText(tag, content)}`)
    }
    parts.push(attributes.sort().join('+'))
  }
  return parts
}

const UTF16_STRING = 30
const UTF32_STRING = 28

function attributeText(tag: number, content: Uint8Array): string {
  if (tag === UTF32_STRING) throw invalidCertificate('a name in UTF-32')
  // BMPString is UTF-16 with the high byte first. PrintableString and IA5String are within UTF-8.
  const text = new TextDecoder(tag === UTF16_STRING ? 'utf-16be' : 'utf-8').decode(content)
  return text.trim().replace(/\s+/g, ' ').toLowerCase()
}
