/**
 * Writes tls-sessions.json: what `npm run fuzz -- tls` mutates. Run it when the ClientHello has changed:
 * `node test/vectors/make-tls-sessions.ts`. The server is OpenSSL, through node:tls.
 */
import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import type { TlsOptions } from 'node:tls'
import { systemRandom } from '../../sdk/async/index.ts'
import { createOffer } from '../../sdk/tls/client-offer.ts'
import { TlsConnection } from '../../sdk/tls/tls-connection.ts'
import { parseServerName } from '../../sdk/tls/x509/server-name.ts'
import { readTrustAnchors } from '../../sdk/tls/x509/trust-anchor.ts'
import { validateChain } from '../../sdk/tls/x509/validate-chain.ts'
import {
  basicConstraints,
  type KeyType,
  keyUsage,
  type MadeCertificate,
  makeCertificate,
  makeLeaf,
  makeRoot,
  testKey
} from '../kit/certificate-maker.ts'
import { startTlsServer } from '../kit/tls-server.ts'
import { RecordCipher } from '../tls/record-cipher.ts'
import { type RecordedSession, SESSIONS_FILE, writeSessions } from '../tls/recorded-session.ts'
import { withFixedKeys } from '../tls/synchronous-subtle.ts'

const KINDS: readonly {
  readonly name: string
  readonly suite: string
  readonly leaf: KeyType
  readonly alpn: readonly string[]
  readonly server: TlsOptions
}[] = [
  {
    name: 'X25519, P-256, an intermediate, ALPN',
    suite: 'TLS_AES_128_GCM_SHA256',
    leaf: 'P-256',
    alpn: ['h2', 'http/1.1'],
    server: { ecdhCurve: 'X25519', ALPNProtocols: ['http/1.1'] }
  },
  {
    name: 'X25519MLKEM768, RSA',
    suite: 'TLS_AES_256_GCM_SHA384',
    leaf: 'rsa-2048',
    alpn: [],
    server: { ecdhCurve: 'X25519MLKEM768' }
  },
  {
    name: 'HelloRetryRequest, P-384',
    suite: 'TLS_AES_256_GCM_SHA384',
    leaf: 'P-384',
    alpn: [],
    server: { ecdhCurve: 'P-384' }
  },
  {
    name: 'ChaCha20, Ed25519, CertificateRequest',
    suite: 'TLS_CHACHA20_POLY1305_SHA256',
    leaf: 'ed25519',
    alpn: [],
    server: { ecdhCurve: 'X25519', requestCert: true, rejectUnauthorized: false }
  }
]
const TYPE = { handshake: 22, applicationData: 23 } as const
const FINISHED = 20

const sessions: RecordedSession[] = []
for (const kind of KINDS) sessions.push(await record(kind))
writeFileSync(SESSIONS_FILE, writeSessions(sessions))
for (const { name, hellos, flight, tickets } of sessions)
  console.log(`${name}: ${hellos.length} + ${flight.length} + ${tickets.length} messages`)

async function record({ name, suite, leaf, alpn, server: options }: (typeof KINDS)[number]): Promise<RecordedSession> {
  const root = makeRoot('Recorded Root')
  const issuer = makeIntermediate(root)
  const key = testKey(leaf, 'recorded')
  const certificate = makeLeaf(issuer, { key })
  const clientKeys = makeClientKeys()
  const drawn: Uint8Array[] = []
  const now = Date.now()

  const secrets = new Map<string, Buffer>()
  const server = await startTlsServer(
    {
      ...options,
      cert: certificate.pem + issuer.pem,
      key: key.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
      ciphers: suite
    },
    socket => socket.once('data', () => socket.end('heard'))
  )
  server.server.on('keylog', line => {
    const [label = '', , secret = ''] = line.toString('latin1').trim().split(' ')
    secrets.set(label, Buffer.from(secret, 'hex'))
  })
  const { subtle } = crypto
  Object.defineProperty(crypto, 'subtle', { value: withFixedKeys(subtle, clientKeys), configurable: true })
  const transport = await server.connect()
  const pieces: Buffer[] = []
  transport.socket.on('data', piece => pieces.push(piece))
  const connection = new TlsConnection(transport)
  const random: typeof systemRandom = length => {
    const bytes = systemRandom(length)
    drawn.push(bytes)
    return bytes
  }
  const anchors = readTrustAnchors([root.der])
  const serverName = parseServerName('localhost')
  const authenticate = (chain: readonly Uint8Array[]) => validateChain(chain, { serverName, now, anchors })
  await connection.handshake(await createOffer({ sniName: 'localhost', alpn, random }), {
    authenticate,
    recordsPerKey: 1000
  })
  await connection.write(new TextEncoder().encode('hello'))
  while ((await connection.read()) !== undefined);
  await connection.endWriting()
  if (!transport.socket.closed) await once(transport.socket, 'close')
  await server.close()
  Reflect.deleteProperty(crypto, 'subtle')

  const handshakeSecret = secrets.get('SERVER_HANDSHAKE_TRAFFIC_SECRET') ?? Buffer.alloc(0)
  const applicationSecret = secrets.get('SERVER_TRAFFIC_SECRET_0') ?? Buffer.alloc(0)
  return {
    name,
    suite,
    now,
    root: root.pem,
    alpn,
    clientRandom: Buffer.concat(drawn),
    clientKeys,
    ...takeApart(
      Buffer.concat(pieces),
      new RecordCipher(suite, handshakeSecret),
      new RecordCipher(suite, applicationSecret)
    ),
    handshakeSecret,
    applicationSecret
  }
}

function takeApart(
  wire: Buffer,
  handshake: RecordCipher,
  application: RecordCipher
): Pick<RecordedSession, 'hellos' | 'flight' | 'tickets'> {
  const hellos: Buffer[] = []
  const flight: Buffer[] = []
  const tickets: Buffer[] = []
  let pending = Buffer.alloc(0)
  for (let at = 0; at < wire.length; ) {
    const record = wire.subarray(at, at + 5 + wire.readUInt16BE(at + 3))
    at += record.length
    if (record[0] === TYPE.handshake) hellos.push(record.subarray(5))
    if (record[0] !== TYPE.applicationData) continue
    const afterwards = flight.at(-1)?.[0] === FINISHED
    const { type, content } = (afterwards ? application : handshake).open(record)
    if (type !== TYPE.handshake) continue
    pending = Buffer.concat([pending, content])
    while (pending.length >= 4 && pending.length >= 4 + pending.readUIntBE(1, 3)) {
      const message = pending.subarray(0, 4 + pending.readUIntBE(1, 3))
      pending = pending.subarray(message.length)
      if (afterwards) tickets.push(message)
      else flight.push(message)
    }
  }
  return { hellos, flight, tickets }
}

function makeIntermediate(root: MadeCertificate): MadeCertificate {
  return makeCertificate({
    key: testKey('P-384', 'recorded intermediate'),
    subject: 'Recorded Intermediate',
    issuer: root,
    extensions: [basicConstraints(true, 0), keyUsage(5, 6)]
  })
}

function makeClientKeys(): Record<string, Buffer> {
  const pkcs8 = { format: 'der', type: 'pkcs8' } as const
  return {
    X25519: generateKeyPairSync('x25519').privateKey.export(pkcs8),
    'P-256': generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export(pkcs8),
    'P-384': generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey.export(pkcs8),
    'ML-KEM-768': generateKeyPairSync('ml-kem-768').privateKey.export(pkcs8)
  }
}
