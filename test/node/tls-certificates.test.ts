/**
 * Which chains are accepted, with OpenSSL (through node:tls) as the judge: the same verdict, or another one with its
 * reason. A reason that explains no difference any more fails the test.
 */
import { checkServerIdentity, connect as nodeConnect } from 'node:tls'
import { describe, expect, it } from 'vitest'
import { connectTls } from '../../sdk/tls/index.ts'
import {
  basicConstraints,
  type CertificateInput,
  CLIENT_AUTH,
  directoryName,
  dnsName,
  type ExtensionInput,
  emailName,
  extendedKeyUsage,
  ipName,
  keyUsage,
  type MadeCertificate,
  makeCertificate,
  makeLeaf,
  makeRoot,
  name,
  nameConstraints,
  nothing,
  octets,
  oid,
  SERVER_AUTH,
  sequence,
  subjectAltName,
  testKey,
  uriName
} from '../kit/certificate-maker.ts'
import { startTlsServer } from '../kit/tls-server.ts'

const HOST = 'good.test'
const DAY_MS = 86_400_000
const daysFromNow = (days: number): Date => new Date(Date.now() + days * DAY_MS)
const san = (...names: Buffer[]): ExtensionInput => subjectAltName(...names)
const good = san(dnsName(HOST))
const CA = [basicConstraints(true), keyUsage(5, 6)]

const root = makeRoot('Root')
const rsaRoot = makeRoot('RSA Root', 'rsa-2048')

function authority(
  commonName: string,
  issuer: MadeCertificate,
  input: Partial<CertificateInput> = {}
): MadeCertificate {
  const key = input.key ?? testKey('P-256', commonName)
  return makeCertificate({ subject: commonName, issuer, extensions: CA, ...input, key })
}
function leaf(issuer: MadeCertificate, extensions: ExtensionInput[] = [good], input: Partial<CertificateInput> = {}) {
  return makeLeaf(issuer, { extensions, ...input })
}
/** A chain of `length` intermediates below `top`; the leaf's issuer comes first. */
function ladder(length: number, top = root): MadeCertificate[] {
  const rungs: MadeCertificate[] = []
  for (let at = 0; at < length; at++) rungs.unshift(authority(`Rung ${length}.${at}`, rungs[0] ?? top))
  return rungs
}

interface Case {
  /** The server's own first. */
  readonly chain: readonly MadeCertificate[]
  readonly roots?: readonly MadeCertificate[]
  readonly host?: string
  /** Why we refuse what OpenSSL takes. */
  readonly stricter?: string
  /** Why OpenSSL misses a path that is there and valid. */
  readonly missed?: string
}
type Verdict = 'ok' | 'name-mismatch' | 'expired' | 'untrusted' | 'invalid' | 'handshake-failed'
const rows: [verdict: Verdict, title: string, make: () => Case][] = []
const row = (verdict: Verdict, title: string, make: () => Case): void => {
  rows.push([verdict, title, make])
}
const one = (extensions: ExtensionInput[], more: Partial<Case> & { input?: Partial<CertificateInput> } = {}): Case => ({
  chain: [leaf(root, extensions, more.input)],
  ...more
})

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

interface Server {
  readonly port: number
  connect(): ReturnType<Awaited<ReturnType<typeof startTlsServer>>['connect']>
  close(): Promise<void>
}

async function serve(chain: readonly MadeCertificate[]): Promise<Server> {
  const [own] = chain
  const key = own?.key.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
  // Level 0 lets the server show what no honest one would.
  const options = { cert: chain.map(({ pem }) => pem).join(''), key, ciphers: 'DEFAULT:@SECLEVEL=0' }
  return startTlsServer(options, socket => socket.end())
}

async function ours(server: Server, host: string, roots: readonly MadeCertificate[]): Promise<string> {
  try {
    const { readable } = await connectTls(await server.connect(), {
      serverName: host,
      roots: roots.map(({ pem }) => pem),
      timeoutMs: 10_000
    })
    await readable.cancel()
    return 'ok'
  } catch (error) {
    return (error as { code: string }).code
  }
}

async function openssl(server: Server, host: string, roots: readonly MadeCertificate[]): Promise<string> {
  const ascii = new URL(`https://${host.includes(':') ? `[${host}]` : host}`).hostname
  return new Promise(resolve => {
    const socket = nodeConnect({
      port: server.port,
      host: '127.0.0.1',
      ca: roots.map(({ pem }) => pem),
      servername: /^[\d.]+$|:/.test(host) ? '' : ascii,
      checkServerIdentity: (_, certificate) => checkServerIdentity(ascii.replace(/^\[|\]$/g, ''), certificate)
    })
    socket.once('secureConnect', () => {
      socket.destroy()
      resolve('ok')
    })
    socket.once('error', error => resolve(String((error as { code?: string }).code ?? error.message)))
  })
}

describe('certificate table, OpenSSL beside', () => {
  it('has at least 80 rows, half of them refusals', () => {
    expect(rows.length).toBeGreaterThanOrEqual(80)
    expect(rows.filter(([verdict]) => verdict !== 'ok').length).toBeGreaterThanOrEqual(40)
  })

  for (const [verdict, title, make] of rows)
    it(`${verdict}: ${title}`, async () => {
      const { chain, roots = [root], host = HOST, stricter, missed } = make()
      const server = await serve(chain)
      try {
        const judge = await openssl(server, host, roots)
        expect(await ours(server, host, roots)).toBe(
          verdict === 'ok'
            ? 'ok'
            : verdict === 'handshake-failed'
              ? 'tls-handshake-failed'
              : `tls-certificate-${verdict}`
        )
        if (missed !== undefined) expect(judge, 'the reason for another path is void').not.toBe('ok')
        else if (stricter === undefined) expect(judge === 'ok', `OpenSSL: ${judge}`).toBe(verdict === 'ok')
        else expect(judge, 'the reason for being stricter is void').toBe('ok')
      } finally {
        await server.close()
      }
    })
})
