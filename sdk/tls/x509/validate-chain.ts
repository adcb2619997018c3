/**
 * Path building and validation (RFC 5280 §6, RFC 4158): from the server's certificate to a trust anchor, over whatever
 * of the other certificates serves. Nothing is ever fetched, and what does not serve is ignored.
 */
import { CraftecError } from '../../errors/index.ts'
import { type Certificate, parseCertificate, sameBytes } from './certificate.ts'
import { invalidCertificate, nameMismatch, untrustedCertificate } from './certificate-error.ts'
import { alternativeNames, checkAuthority, checkLeaf, checkValidity } from './certificate-rules.ts'
import { isSignedBy, signatureRule } from './certificate-signature.ts'
import { type ComparisonBudget, checkNames, comparisonBudget, readNameConstraints } from './name-constraints.ts'
import { type PublicKey, parsePublicKey, requireStrength } from './public-key.ts'
import { matchesServerName, type ServerName } from './server-name.ts'
import type { TrustAnchor } from './trust-anchor.ts'

export interface ChainRules {
  readonly serverName: ServerName
  /** Milliseconds since the Unix epoch. */
  readonly now: number
  readonly anchors: readonly TrustAnchor[]
}

/** Certificates in a path, the anchor aside. */
const MAX_DEPTH = 10
/** Cross-signed certificates can be arranged so that the number of paths explodes. */
const MAX_SIGNATURES = 64

/**
 * @param chain in DER, the server's certificate first, others in any order
 * @returns the server's key
 * @throws CraftecError `tls-certificate-untrusted` | `tls-certificate-expired` | `tls-certificate-name-mismatch` |
 *   `tls-certificate-invalid`
 */
export async function validateChain(chain: readonly Uint8Array[], rules: ChainRules): Promise<PublicKey> {
  const [leaf, ...others] = chain.map(parseCertificate)
  if (leaf === undefined) throw invalidCertificate('none was sent')
  const key = parsePublicKey(leaf.spki)
  requireStrength(key)
  checkLeaf(leaf)
  await new PathSearch(others, rules).from(leaf)
  checkValidity(leaf, rules.now, "the server's certificate")
  if (!matchesServerName(alternativeNames(leaf), rules.serverName))
    throw nameMismatch('the server proved its identity, but it is not the one that was asked for')
  return key
}

class PathSearch {
  readonly #others: readonly Certificate[]
  readonly #rules: ChainRules
  readonly #comparisons = comparisonBudget()
  #signatures = 0
  /** Why the first path that had good signatures was refused; better than "untrusted". */
  #reason: CraftecError | undefined

  constructor(others: readonly Certificate[], rules: ChainRules) {
    this.#others = others
    this.#rules = rules
  }

  async from(leaf: Certificate): Promise<void> {
    // A server's own certificate may be what the caller trusts.
    if (this.#rules.anchors.some(anchor => anchor.certificate && sameBytes(anchor.certificate.der, leaf.der))) return
    if (await this.#extend([leaf])) return
    throw (
      this.#reason ?? untrustedCertificate('no trusted authority vouches for it; on a private network, pass its roots')
    )
  }

  /** @param path from the leaf up @returns whether it reaches an anchor */
  async #extend(path: readonly Certificate[]): Promise<boolean> {
    const top = path.at(-1)
    if (top === undefined || path.length > MAX_DEPTH) return false
    for (const anchor of this.#rules.anchors)
      if (
        sameBytes(anchor.subject, top.issuer) &&
        (await this.#accepts(top, anchor.spki, () => this.#checkAnchor(path, anchor)))
      )
        return true
    for (const issuer of this.#others) {
      if (!sameBytes(issuer.subject, top.issuer) || path.some(used => sameEntity(used, issuer))) continue
      const fits = await this.#accepts(top, issuer.spki, () => this.#checkIssuer(path, issuer))
      if (fits && (await this.#extend([...path, issuer]))) return true
    }
    return false
  }

  /** The cheap checks come second, so that an error only ever speaks of certificates that are really in the path. */
  async #accepts(certificate: Certificate, spki: Uint8Array, check: () => void): Promise<boolean> {
    if (++this.#signatures > MAX_SIGNATURES) throw invalidCertificate(`over ${MAX_SIGNATURES} signatures to try`)
    try {
      const key = parsePublicKey(spki)
      requireStrength(key)
      if (!(await isSignedBy(certificate, signatureRule(certificate), key))) return false
      check()
      return true
    } catch (error) {
      if (!(error instanceof CraftecError)) throw error
      this.#reason ??= error
      return false
    }
  }

  #checkIssuer(path: readonly Certificate[], issuer: Certificate): void {
    checkAuthority(issuer, authoritiesIn(path))
    checkValidity(issuer, this.#rules.now, 'an intermediate certificate')
    checkConstraints(path, issuer, this.#comparisons)
  }

  #checkAnchor(path: readonly Certificate[], anchor: TrustAnchor): void {
    checkValidity(anchor, this.#rules.now, 'the root')
    if (anchor.certificate === undefined) return
    checkAuthority(anchor.certificate, authoritiesIn(path))
    checkConstraints(path, anchor.certificate, this.#comparisons)
  }
}

/** Two certificates of one CA: going through both would be a loop. */
function sameEntity(a: Certificate, b: Certificate): boolean {
  return sameBytes(a.subject, b.subject) && sameBytes(a.spki, b.spki)
}

/** RFC 5280 §4.2.1.9: intermediates that are not self-issued. */
function authoritiesIn([, ...authorities]: readonly Certificate[]): number {
  return authorities.filter(({ subject, issuer }) => !sameBytes(subject, issuer)).length
}

function checkConstraints(path: readonly Certificate[], issuer: Certificate, budget: ComparisonBudget): void {
  const constraints = readNameConstraints(issuer)
  if (constraints === undefined) return
  path.forEach((certificate, at) => {
    // §6.1.4 b: self-issued certificates are exempt, unless last.
    if (at === 0 || !sameBytes(certificate.subject, certificate.issuer)) checkNames(certificate, constraints, budget)
  })
}
