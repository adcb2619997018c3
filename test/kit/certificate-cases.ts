/** Chains for the certificate table, and OpenSSL (through node:tls) as the judge beside our client. */
import { checkServerIdentity, connect as nodeConnect } from 'node:tls'
import { expect, it } from 'vitest'
import { connectTls } from '../../sdk/tls/index.ts'
import {
  basicConstraints,
  type CertificateInput,
  dnsName,
  type ExtensionInput,
  keyUsage,
  type MadeCertificate,
  makeCertificate,
  makeLeaf,
  makeRoot,
  subjectAltName,
  testKey
} from './certificate-maker.ts'
import { startTlsServer } from './tls-server.ts'

export const HOST = 'good.test'
const DAY_MS = 86_400_000
export const daysFromNow = (days: number): Date => new Date(Date.now() + days * DAY_MS)
export const san = (...names: Buffer[]): ExtensionInput => subjectAltName(...names)
export const good = san(dnsName(HOST))
export const CA = [basicConstraints(true), keyUsage(5, 6)]

export const root = makeRoot('Root')
export const rsaRoot = makeRoot('RSA Root', 'rsa-2048')

export function authority(
  commonName: string,
  issuer: MadeCertificate,
  input: Partial<CertificateInput> = {}
): MadeCertificate {
  const key = input.key ?? testKey('P-256', commonName)
  return makeCertificate({ subject: commonName, issuer, extensions: CA, ...input, key })
}
export function leaf(
  issuer: MadeCertificate,
  extensions: ExtensionInput[] = [good],
  input: Partial<CertificateInput> = {}
) {
  return makeLeaf(issuer, { extensions, ...input })
}
/** A chain of `length` intermediates below `top`; the leaf's issuer comes first. */
export function ladder(length: number, top = root): MadeCertificate[] {
  const rungs: MadeCertificate[] = []
  for (let at = 0; at < length; at++) rungs.unshift(authority(`Rung ${length}.${at}`, rungs[0] ?? top))
  return rungs
}

export interface Case {
  /** The server's own first. */
  readonly chain: readonly MadeCertificate[]
  readonly roots?: readonly MadeCertificate[]
  readonly host?: string
  /** Why we refuse what OpenSSL takes. */
  readonly stricter?: string
  /** Why OpenSSL misses a path that is there and valid. */
  readonly missed?: string
}
export type Verdict = 'ok' | 'name-mismatch' | 'expired' | 'untrusted' | 'invalid' | 'handshake-failed'

export type CaseRow = readonly [verdict: Verdict, title: string, make: () => Case]

export const one = (
  extensions: ExtensionInput[],
  more: Partial<Case> & { input?: Partial<CertificateInput> } = {}
): Case => ({
  chain: [leaf(root, extensions, more.input)],
  ...more
})

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

/** One test a row: our verdict is the expected one, and OpenSSL's the same, unless the case says why not. */
export function judge(rows: readonly CaseRow[]): void {
  for (const [verdict, title, make] of rows)
    it(`${verdict}: ${title}`, async () => {
      const { chain, roots = [root], host = HOST, stricter, missed } = make()
      const server = await serve(chain)
      try {
        const theirs = await openssl(server, host, roots)
        expect(await ours(server, host, roots)).toBe(
          verdict === 'ok'
            ? 'ok'
            : verdict === 'handshake-failed'
              ? 'tls-handshake-failed'
              : `tls-certificate-${verdict}`
        )
        if (missed !== undefined) expect(theirs, 'the reason for another path is void').not.toBe('ok')
        else if (stricter === undefined) expect(theirs === 'ok', `OpenSSL: ${theirs}`).toBe(verdict === 'ok')
        else expect(theirs, 'the reason for being stricter is void').toBe('ok')
      } finally {
        await server.close()
      }
    })
}
