/** TLS servers that are not ours, as processes on loopback. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, constants, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import type { ByteDuplex } from '../../sdk/net/http/index.ts'
import { type KeyType, type MadeCertificate, makeLeaf, testKey } from '../kit/certificate-maker.ts'
import { connectTcp } from '../kit/tls-server.ts'

const START_TIMEOUT_MS = 15_000
const RETRY_MS = 20
const MAX_OUTPUT_CHARS = 4_000_000
/** Where Debian puts servers; often missing from a user's PATH. */
const SYSTEM_FOLDERS = ['/usr/sbin', '/usr/local/sbin']

export interface ForeignServer {
  readonly process: ChildProcessWithoutNullStreams
  /** A fresh TCP connection to one of its ports. */
  connect(port?: number): Promise<ByteDuplex>
  /** Resolves when its standard output holds `pattern`, which is global, at least so many times. */
  printed(pattern: RegExp, times: number): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** @returns where the program is, or `undefined`: its tests are then skipped */
export function findProgram(name: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), ...SYSTEM_FOLDERS]
  return folders.map(folder => join(folder, name)).find(isExecutable)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Ports that were free a moment ago: some servers cannot choose one themselves. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'))
  await Promise.all(servers.map(server => once(server, 'listening')))
  const ports = servers.map(server => (server.address() as AddressInfo).port)
  for (const server of servers) server.close()
  await Promise.all(servers.map(server => once(server, 'close')))
  return ports
}

/** Start a server and wait until it accepts connections on `port`. @throws Error with its output when it does not */
export async function startForeignServer(
  program: string,
  args: readonly string[],
  port: number,
  folder?: string
): Promise<ForeignServer> {
  const child = spawn(program, [...args], folder === undefined ? {} : { cwd: folder })
  let output = ''
  let errors = ''
  child.stdout.setEncoding('latin1').on('data', (piece: string) => {
    output = (output + piece).slice(-MAX_OUTPUT_CHARS)
  })
  child.stderr.on('data', piece => {
    errors = (errors + piece).slice(-2000)
  })
  child.stdin.on('error', () => {}) // it may end first
  const ended = new Promise<void>(resolve => {
    child.once('exit', () => resolve())
    child.once('error', error => {
      errors += error.message
      resolve()
    })
  })
  const server: ForeignServer = {
    process: child,
    connect: (other = port) => connectTcp(other),
    printed: async (pattern, times) => {
      while ((output.match(pattern)?.length ?? 0) < times) {
        if (child.exitCode !== null) throw new Error(`${program} ended: ${errors}`)
        await Promise.race([once(child.stdout, 'data'), ended])
      }
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM')
      await ended
    }
  }
  const deadline = Date.now() + START_TIMEOUT_MS
  while (!(await accepts(port))) {
    if (Date.now() > deadline || child.exitCode !== null) {
      await server[Symbol.asyncDispose]()
      throw new Error(`${program} does not listen on ${port}: ${errors}`)
    }
    await new Promise(resolve => setTimeout(resolve, RETRY_MS))
  }
  return server
}

/**
 * Is anybody listening? All these servers take it well when a connection closes at once. Binding the port instead would
 * disturb nobody who listens, and now and then the one who is about to.
 */
async function accepts(port: number): Promise<boolean> {
  const probe = connect(port, '127.0.0.1')
  return new Promise(resolve => {
    probe.once('error', () => resolve(false))
    probe.once('connect', () => {
      probe.destroy()
      resolve(true)
    })
  })
}

export interface ServerFiles {
  readonly folder: string
  /** Paths of a certificate for `localhost` with a key of this type, and of the key. */
  identity(type: KeyType): { readonly cert: string; readonly key: string }
  write(name: string, content: string | Uint8Array): string
  [Symbol.dispose](): void
}

/** A folder of files for a server, removed in the end. */
export function serverFiles(root: MadeCertificate): ServerFiles {
  const folder = mkdtempSync(join(tmpdir(), 'craftec-tls-'))
  const write = (name: string, content: string | Uint8Array): string => {
    const path = join(folder, name)
    writeFileSync(path, content)
    return path
  }
  return {
    folder,
    write,
    identity: type => {
      const key = testKey(type, 'leaf')
      return {
        cert: write(`${type}.crt`, makeLeaf(root, { key }).pem),
        key: write(`${type}.key`, key.privateKey.export({ type: 'pkcs8', format: 'pem' }))
      }
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true })
  }
}
