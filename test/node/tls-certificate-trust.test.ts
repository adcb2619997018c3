import { describe } from 'vitest'
import {
  authority,
  type Case,
  type CaseRow,
  daysFromNow,
  good,
  HOST,
  judge,
  ladder,
  leaf,
  one,
  root,
  rsaRoot,
  san,
  type Verdict
} from '../kit/certificate-cases.ts'
import {
  dnsName,
  emailName,
  ipName,
  makeCertificate,
  makeRoot,
  name,
  testKey,
  uriName
} from '../kit/certificate-maker.ts'

const rows: CaseRow[] = []
const row = (verdict: Verdict, title: string, make: () => Case): void => {
  rows.push([verdict, title, make])
}

// Names
const named = (verdict: Verdict, names: Buffer[], host: string, stricter?: string): void =>
  row(verdict, `SAN ${names.map(n => n.toString('latin1').replace(/[^\x20-\x7e]/g, '.')).join(',')} for ${host}`, () =>
    one([san(...names)], { host, ...(stricter ? { stricter } : {}) })
  )
named('ok', [dnsName('good.test')], 'good.test')
named('ok', [dnsName('other.test'), dnsName('good.test')], 'good.test')
named('ok', [dnsName('GOOD.test')], 'good.TEST')
named('ok', [dnsName('xn--bcher-kva.test')], 'bücher.test')
named('ok', [dnsName('*.wild.test')], 'a.wild.test')
named('ok', [dnsName('*.wild.test')], 'xn--bcher-kva.wild.test')
named('ok', [ipName(127, 0, 0, 1)], '127.0.0.1')
named('ok', [ipName(0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1)], '2001:db8::1')
named('name-mismatch', [dnsName('other.test')], 'good.test')
named('name-mismatch', [dnsName('good.test')], 'sub.good.test')
named('name-mismatch', [dnsName('good.test')], 'test')
named('name-mismatch', [dnsName('*.wild.test')], 'wild.test')
named('name-mismatch', [dnsName('*.wild.test')], 'a.b.wild.test')
named('name-mismatch', [dnsName('*')], 'good')
named('name-mismatch', [dnsName('*.test')], 'good.test')
named('name-mismatch', [dnsName('*.*.test')], 'a.good.test')
named('name-mismatch', [dnsName('a.*.test')], 'a.good.test')
named('name-mismatch', [dnsName('g*.wild.test')], 'good.wild.test', 'a wildcard is a whole label (RFC 9525 §6.3)')
named('name-mismatch', [dnsName('good.test\0.evil.test')], 'good.test')
named('name-mismatch', [dnsName('good.test ')], 'good.test')
named('name-mismatch', [ipName(127, 0, 0, 2)], '127.0.0.1')
named('name-mismatch', [dnsName('127.0.0.1')], '127.0.0.1')
named('name-mismatch', [uriName('https://good.test/')], 'good.test')
named('name-mismatch', [emailName('me@good.test')], 'good.test')
row('name-mismatch', 'common name only', () =>
  one([], { input: { subject: HOST }, stricter: 'common names are not host names (RFC 9525 §6.3)' })
)
row('name-mismatch', 'common name beside a SAN for another host', () =>
  one([san(dnsName('other.test'))], { input: { subject: HOST } })
)
row('ok', 'empty subject, critical SAN', () => one([{ ...good, critical: true }], { input: { subject: name('') } }))

// Dates
row('expired', 'leaf expired', () => one([good], { input: { notAfter: daysFromNow(-0.1) } }))
row('expired', 'leaf not valid yet', () => one([good], { input: { notBefore: daysFromNow(0.1) } }))
row('ok', 'leaf valid beyond 2050 (GeneralizedTime)', () => one([good], { input: { notAfter: daysFromNow(12_000) } }))
row('expired', 'intermediate expired', () => {
  const middle = authority('Old', root, { notAfter: daysFromNow(-1) })
  return { chain: [leaf(middle), middle] }
})
row('expired', 'intermediate not valid yet', () => {
  const middle = authority('Young', root, { notBefore: daysFromNow(1) })
  return { chain: [leaf(middle), middle] }
})
row('expired', 'root expired', () => {
  const old = authority(
    'Old Root',
    { ...root, name: name('Old Root'), key: testKey('P-256', 'Old Root') },
    { notAfter: daysFromNow(-1) }
  )
  return { chain: [leaf(old)], roots: [old] }
})
row('ok', 'an expired intermediate beside its valid twin', () => {
  const old = authority('Twin', root, { notAfter: daysFromNow(-1) })
  const young = authority('Twin', root)
  return { chain: [leaf(young), young, old] }
})

// Trust
const NO_SECOND_PATH = 'OpenSSL follows the first issuer that fits and does not come back; browsers do (RFC 4158 §2.4)'
row('ok', 'signed by the root', () => one([good]))
row('ok', 'one intermediate', () => {
  const [middle = root] = ladder(1)
  return { chain: [leaf(middle), middle] }
})
row('ok', 'three intermediates', () => {
  const rungs = ladder(3)
  return { chain: [leaf(rungs[0] ?? root), ...rungs] }
})
row('ok', 'three intermediates in the wrong order', () => {
  const rungs = ladder(3)
  return { chain: [leaf(rungs[0] ?? root), ...rungs.toReversed()] }
})
row('ok', 'the root sent along', () => ({ chain: [leaf(root), root] }))
row('ok', 'unrelated extra certificates', () => ({ chain: [leaf(root), rsaRoot, ...ladder(2)] }))
row('ok', 'the leaf sent twice', () => {
  const own = leaf(root)
  return { chain: [own, own] }
})
row('ok', 'a self-signed certificate that is itself trusted', () => {
  const own = makeCertificate({ key: testKey('P-256', 'leaf'), subject: HOST, extensions: [good] })
  return { chain: [own], roots: [own] }
})
row('ok', 'eight intermediates', () => {
  const rungs = ladder(8)
  return { chain: [leaf(rungs[0] ?? root), ...rungs] }
})
row('untrusted', '20 intermediates', () => {
  const rungs = ladder(20)
  return { chain: [leaf(rungs[0] ?? root), ...rungs], stricter: 'at most 10 certificates in a path' }
})
row('untrusted', 'self-signed', () => ({
  chain: [makeCertificate({ key: testKey('P-256', 'leaf'), subject: HOST, extensions: [good] })]
}))
row('untrusted', 'unknown root', () => ({ chain: [leaf(makeRoot('Nobody'))] }))
row('untrusted', 'unknown root sent along', () => {
  const nobody = makeRoot('Nobody')
  return { chain: [leaf(nobody), nobody] }
})
row('untrusted', 'another root of the same name', () => {
  const impostor = { ...makeRoot('Impostor'), name: root.name }
  return { chain: [leaf(impostor)] }
})
row('untrusted', 'another intermediate of the same name', () => {
  const [middle = root] = ladder(1)
  const impostor = { ...middle, key: testKey('P-256', 'impostor') }
  return { chain: [leaf(impostor), middle] }
})
row('untrusted', 'missing intermediate', () => ({ chain: [leaf(ladder(1)[0] ?? root)] }))
row('untrusted', 'signature altered', () => ({
  chain: [
    leaf(root, [good], {
      // Inside s of the signature, so that it stays DER.
      mangleWhole: der => Buffer.concat([der.subarray(0, -1), Buffer.from([(der.at(-1) ?? 0) ^ 1])])
    })
  ]
}))
row('untrusted', 'two CAs that certify each other', () => {
  const a = authority('Loop A', { ...root, name: name('Loop B'), key: testKey('P-256', 'Loop B') })
  const b = authority('Loop B', a)
  return { chain: [leaf(a), a, b] }
})
row('ok', 'a loop beside the way out', () => {
  const a = authority('Knot A', { ...root, name: name('Knot B'), key: testKey('P-256', 'Knot B') })
  const b = authority('Knot B', a)
  const out = authority('Knot B', root)
  return { chain: [leaf(a), a, b, out], missed: NO_SECOND_PATH }
})
row('ok', 'cross-signed: one of two roots is trusted', () => {
  const key = testKey('P-256', 'Cross')
  const byNobody = authority('Cross', makeRoot('Nobody'), { key })
  const byRoot = authority('Cross', root, { key })
  return { chain: [leaf(byRoot), byNobody, byRoot], missed: NO_SECOND_PATH }
})

describe('names, dates and trust, OpenSSL beside', () => {
  judge(rows)
})
