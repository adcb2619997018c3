import { describe } from 'vitest'
import {
  authority,
  CA,
  type Case,
  type CaseRow,
  good,
  HOST,
  judge,
  leaf,
  one,
  root,
  rsaRoot,
  san,
  type Verdict
} from '../kit/certificate-cases.ts'
import {
  basicConstraints,
  CLIENT_AUTH,
  directoryName,
  dnsName,
  type ExtensionInput,
  extendedKeyUsage,
  ipName,
  keyUsage,
  makeCertificate,
  makeRoot,
  name,
  nameConstraints,
  nothing,
  octets,
  oid,
  SERVER_AUTH,
  sequence,
  testKey,
  uriName
} from '../kit/certificate-maker.ts'

const rows: CaseRow[] = []
const row = (verdict: Verdict, title: string, make: () => Case): void => {
  rows.push([verdict, title, make])
}

// Authority
const by = (verdict: Verdict, title: string, extensions: ExtensionInput[], more: Partial<Case> = {}): void =>
  row(verdict, title, () => {
    const middle = authority(title, root, { extensions })
    return { chain: [leaf(middle), middle], ...more }
  })
by('invalid', 'issuer is a leaf (CA:FALSE)', [basicConstraints(false), good])
by('invalid', 'issuer without basicConstraints', [keyUsage(5)])
by('invalid', 'issuer may not sign certificates', [basicConstraints(true), keyUsage(0, 6)])
by('invalid', 'issuer with keyUsage of nothing', [basicConstraints(true), keyUsage()])
by('ok', 'issuer without keyUsage', [basicConstraints(true)])
by('ok', 'issuer with basicConstraints not critical', [{ ...basicConstraints(true), critical: false }, keyUsage(5)])
by('ok', 'issuer with EKU serverAuth', [...CA, extendedKeyUsage(SERVER_AUTH, CLIENT_AUTH)])
by('invalid', 'issuer with EKU clientAuth only', [...CA, extendedKeyUsage(CLIENT_AUTH)])
by('ok', 'pathLen 0 above the leaf', [basicConstraints(true, 0), keyUsage(5)])
row('invalid', 'pathLen 0 above another CA', () => {
  const upper = authority('Upper', root, { extensions: [basicConstraints(true, 0), keyUsage(5)] })
  const lower = authority('Lower', upper)
  return { chain: [leaf(lower), lower, upper] }
})
row('ok', 'pathLen 1 above another CA', () => {
  const upper = authority('Upper', root, { extensions: [basicConstraints(true, 1), keyUsage(5)] })
  const lower = authority('Lower', upper)
  return { chain: [leaf(lower), lower, upper] }
})
row('invalid', 'pathLen 0 on the root above a CA', () => {
  const strict = makeCertificate({
    key: testKey('P-256', 'Short Root'),
    subject: 'Short Root',
    extensions: [basicConstraints(true, 0), keyUsage(5)]
  })
  const middle = authority('Below Short', strict)
  return { chain: [leaf(middle), middle], roots: [strict] }
})
row('invalid', 'a version 1 intermediate', () => {
  const middle = authority('V1', root, { version: 1, extensions: [] })
  return { chain: [leaf(middle), middle] }
})
row('invalid', 'a version 1 root', () => {
  const old = makeCertificate({ key: testKey('P-256', 'V1 Root'), subject: 'V1 Root', version: 1 })
  return { chain: [leaf(old)], roots: [old], stricter: 'an issuer must say that it is a CA (RFC 5280 §6.1.4 k)' }
})

// Usage of the leaf
const used = (verdict: Verdict, title: string, extensions: ExtensionInput[], more: Partial<Case> = {}): void =>
  row(verdict, title, () => one([good, ...extensions], more))
used('ok', 'EKU serverAuth', [extendedKeyUsage(SERVER_AUTH)])
used('ok', 'EKU clientAuth and serverAuth', [extendedKeyUsage(CLIENT_AUTH, SERVER_AUTH)])
used('ok', 'EKU critical', [{ ...extendedKeyUsage(SERVER_AUTH), critical: true }])
used('invalid', 'EKU clientAuth only', [extendedKeyUsage(CLIENT_AUTH)])
used('invalid', 'EKU any only', [extendedKeyUsage('2.5.29.37.0')])
used('ok', 'keyUsage digitalSignature', [keyUsage(0)])
used('invalid', 'keyUsage keyEncipherment only', [keyUsage(2)], {
  stricter: 'a TLS 1.3 server signs (RFC 8446 §4.4.2.2)'
})
used('invalid', 'keyUsage keyCertSign only', [keyUsage(5)])
used('ok', 'a leaf that is a CA', [basicConstraints(true), keyUsage(0, 5)])
used('ok', 'unknown extension, not critical', [{ oid: '1.2.3.4.5', value: octets(Buffer.from('x')) }])
used('invalid', 'unknown extension, critical', [{ oid: '1.2.3.4.5', critical: true, value: octets(Buffer.from('x')) }])
used('ok', 'critical FALSE written out', [{ oid: '1.2.3.4.5', critical: 'explicit-false', value: nothing }])
used('ok', 'critical policies', [
  { oid: '2.5.29.32', critical: true, value: sequence(sequence(oid('2.23.140.1.2.1'))) }
])
used('invalid', 'the same extension twice', [good])

// Name constraints
const bound = (
  verdict: Verdict,
  title: string,
  permitted: Buffer[],
  excluded: Buffer[],
  names: Buffer[],
  more: Partial<Case> = {}
): void =>
  row(verdict, `constraints: ${title}`, () => {
    const middle = authority(`NC ${title}`, root, { extensions: [...CA, nameConstraints(permitted, excluded)] })
    return { chain: [leaf(middle, [san(...names)], { subject: name('', 'Leaf Org') }), middle], ...more }
  })
const d = dnsName
bound('ok', 'host permitted', [d('good.test')], [], [d(HOST)])
bound('ok', 'parent permitted', [d('test')], [], [d(HOST)])
bound('invalid', 'another host permitted', [d('other.test')], [], [d(HOST)])
bound('invalid', 'suffix without a dot permitted', [d('ood.test')], [], [d(HOST)])
bound('invalid', 'one of two names outside', [d('good.test')], [], [d(HOST), d('evil.example')])
bound('invalid', 'host excluded', [], [d('good.test')], [d(HOST)])
bound('invalid', 'host excluded in capitals', [], [d('GOOD.test')], [d(HOST)])
bound('ok', 'another host excluded', [], [d('other.test')], [d(HOST)])
bound('invalid', 'everything of DNS excluded', [], [d('')], [d(HOST)])
bound('ok', 'wildcard within', [d('wild.test')], [], [d('*.wild.test')], { host: 'a.wild.test' })
bound('invalid', 'wildcard above what is permitted', [d('a.wild.test')], [], [d('*.wild.test')], {
  host: 'a.wild.test'
})
bound('invalid', 'wildcard reaches into what is excluded', [], [d('b.wild.test')], [d('*.wild.test')], {
  host: 'a.wild.test',
  stricter: 'the certificate is good for a host its issuer may not certify'
})
bound('ok', 'address permitted', [ipName(127, 0, 0, 0, 255, 0, 0, 0)], [], [ipName(127, 0, 0, 1)], {
  host: '127.0.0.1'
})
bound('invalid', 'address outside', [ipName(10, 0, 0, 0, 255, 0, 0, 0)], [], [ipName(127, 0, 0, 1)], {
  host: '127.0.0.1'
})
bound('invalid', 'address excluded', [], [ipName(127, 0, 0, 0, 255, 0, 0, 0)], [d(HOST), ipName(127, 0, 0, 1)])
bound('ok', 'DNS constraint, address in the leaf', [d('other.test')], [], [ipName(127, 0, 0, 1)], { host: '127.0.0.1' })
bound('ok', 'directory permitted', [directoryName(name('', 'Leaf Org'))], [], [d(HOST)])
bound('invalid', 'directory outside', [directoryName(name('', 'Other Org'))], [], [d(HOST)])
bound(
  'invalid',
  'directory excluded, other case and string type',
  [],
  [directoryName(name('', 'LEAF org', 19))],
  [d(HOST)]
)
bound(
  'invalid',
  'an excluded form that is not understood',
  [],
  [uriName('good.test')],
  [d(HOST), uriName('https://good.test/')]
)
row('invalid', 'constraints on the root', () => {
  const narrow = makeRoot('Narrow Root', 'P-256', [nameConstraints([d('other.test')])])
  return { chain: [leaf(narrow)], roots: [narrow] }
})

// Keys and signatures
row('ok', 'RSA 2048 all the way', () => ({
  chain: [leaf(rsaRoot, [good], { key: testKey('rsa-2048', 'leaf') })],
  roots: [rsaRoot]
}))
for (const hash of ['sha256', 'sha384', 'sha512'] as const) {
  row('ok', `RSA PKCS#1 with ${hash}`, () => ({ chain: [leaf(rsaRoot, [good], { hash })], roots: [rsaRoot] }))
  row('ok', `RSA PSS with ${hash}`, () => ({ chain: [leaf(rsaRoot, [good], { hash, pss: true })], roots: [rsaRoot] }))
  row('ok', `ECDSA P-256 with ${hash}`, () => one([good], { input: { hash } }))
}
row('ok', 'P-384 issuer', () => {
  const wide = makeRoot('P-384 Root', 'P-384')
  return { chain: [leaf(wide, [good], { hash: 'sha384' })], roots: [wide] }
})
row('ok', 'Ed25519 issuer and leaf', () => {
  const edwards = makeRoot('Ed Root', 'ed25519')
  return { chain: [leaf(edwards, [good], { key: testKey('ed25519', 'leaf') })], roots: [edwards] }
})
row('invalid', 'RSA 1024 leaf', () => one([good], { input: { key: testKey('rsa-1024', 'leaf') } }))
row('invalid', 'RSA 1024 intermediate', () => {
  const weak = authority('Weak', root, { key: testKey('rsa-1024', 'Weak') })
  return { chain: [leaf(weak), weak] }
})
row('invalid', 'SHA-1 leaf', () => ({ chain: [leaf(rsaRoot, [good], { hash: 'sha1' })], roots: [rsaRoot] }))
row('invalid', 'ECDSA with SHA-1', () => one([good], { input: { hash: 'sha1' } }))
row('invalid', 'SHA-1 intermediate', () => {
  const middle = authority('Sha1', rsaRoot, { hash: 'sha1' })
  return { chain: [leaf(middle), middle], roots: [rsaRoot] }
})
row('invalid', 'MD5 leaf', () => ({ chain: [leaf(rsaRoot, [good], { hash: 'md5' })], roots: [rsaRoot] }))
row('invalid', 'P-521 issuer', () => {
  const odd = makeRoot('P-521 Root', 'P-521')
  return { chain: [leaf(odd, [good], { hash: 'sha512' })], roots: [odd], stricter: 'not offered, not used in the web' }
})
row('handshake-failed', 'P-521 leaf', () =>
  one([good], { input: { key: testKey('P-521', 'leaf') }, stricter: 'not offered, not used in the web' })
)

describe('authority, usage, constraints and keys, OpenSSL beside', () => {
  judge(rows)
})
