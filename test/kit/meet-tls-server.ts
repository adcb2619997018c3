/** Our client against a {@link ScriptedTlsServer}, and the pieces that its scripts are made of. */
import { expect, it } from 'vitest'
import { connectTls } from '../../sdk/tls/index.ts'
import { makeLeaf, makeRoot, testKey } from './certificate-maker.ts'
import { duplexPair } from './duplex-pair.ts'
import { extension, handshake, ScriptedTlsServer, u8, u16, vector8, vector16 } from './scripted-tls-server.ts'

export const root = makeRoot('Evil Root')
export const leaf = makeLeaf(root)
export const rsaLeaf = makeLeaf(root, { key: testKey('rsa-2048', 'leaf') })
export const leafKey = testKey('P-256', 'leaf').privateKey
export type Script = (server: ScriptedTlsServer) => Promise<void>

/** Runs our client against the script. @returns what it read, or the error it ended with */
export async function meet(script: Script): Promise<{ data: string; code?: string; alert?: unknown }> {
  const [ours, theirs] = duplexPair(64)
  const server = new ScriptedTlsServer(theirs, [leaf.der], leafKey)
  const served = script(server).then(
    () => server.drain(),
    () => {} // the client hung up in the middle of the script, as it should
  )
  let data = ''
  try {
    const { readable, writable } = await connectTls(ours, {
      serverName: 'localhost',
      roots: [root.pem],
      timeoutMs: 10_000
    })
    for await (const piece of readable) data += Buffer.from(piece).toString('latin1')
    await writable.close()
    await served
    return { data }
  } catch (error) {
    await served
    const { code, details } = error as { code: string; details: Record<string, unknown> }
    return { data, code, alert: details.alert }
  }
}

export const closeNotify = Buffer.from([1, 0])
export const hello = Buffer.from('hello')
export async function sayHello(server: ScriptedTlsServer): Promise<void> {
  await server.raw(server.sealed(23, hello), server.sealed(21, closeNotify))
}
export const downgrade = (version: number) => Buffer.concat([Buffer.alloc(24, 7), Buffer.from('DOWNGRD'), u8(version)])

/** The alert is the client's, or the server's where the code says so. */
export type EvilCase = [alert: string | undefined, title: string, script: Script, code?: string]

/** One test a case: refused with its own code and alert, and no data seen. */
export function refuses(cases: readonly EvilCase[]): void {
  for (const [alert, title, script, code = 'tls-protocol-violation'] of cases)
    it(`${alert ?? code}: ${title}`, async () => {
      expect(await meet(script)).toEqual({ data: '', code, alert })
    })
}

export const certificateRequest = handshake(
  13,
  Buffer.concat([vector8(), vector16(extension(13, vector16(u16(0x0403))))])
)
export const ticket = (lifetime: number): Buffer => {
  const seconds = Buffer.alloc(4)
  seconds.writeUInt32BE(lifetime)
  return handshake(4, Buffer.concat([seconds, Buffer.alloc(4), vector8(u8(1)), vector16(Buffer.alloc(32)), vector16()]))
}

export async function untilCertificate(s: ScriptedTlsServer): Promise<void> {
  await s.helloFlight()
  await s.send(s.encryptedExtensions())
  await s.send(s.certificate())
}
export async function untilVerify(s: ScriptedTlsServer): Promise<void> {
  await untilCertificate(s)
  await s.send(s.certificateVerify())
}
export async function verifyWith(
  s: ScriptedTlsServer,
  options: Parameters<ScriptedTlsServer['certificateVerify']>[0]
): Promise<void> {
  await untilCertificate(s)
  await s.send(s.certificateVerify(options))
  await s.send(s.finished())
  s.useApplicationKeys()
  await sayHello(s)
}
export async function helloWith(
  s: ScriptedTlsServer,
  parts: Parameters<ScriptedTlsServer['serverHello']>[0]
): Promise<void> {
  await s.readHello()
  await s.send(s.serverHello(parts))
}
export async function retryWith(s: ScriptedTlsServer, ...extensions: Buffer[]): Promise<void> {
  await s.readHello()
  s.collapseTranscript()
  await s.send(s.retryRequest(...extensions))
}
export async function extensionsWith(s: ScriptedTlsServer, ...extensions: Buffer[]): Promise<void> {
  await s.helloFlight()
  await s.send(s.encryptedExtensions(...extensions))
}
