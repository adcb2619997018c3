/** Go's crypto/tls with one function of it replaced: TLS that is not ours, misbehaving on request. */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ByteDuplex } from '../../sdk/net/http/index.ts'
import { connectTcp } from '../kit/tls-server.ts'

export interface EvilGoServer {
  /** A connection that misbehaves as `line` says: see `Misbehaviour` in go/misbehave.go. */
  connect(line: string): Promise<ByteDuplex>
  [Symbol.asyncDispose](): Promise<void>
}

const SOURCES = join(import.meta.dirname, 'go')
/** What is replaced in crypto/tls/conn.go; the build fails when the toolchain's source has changed under it. */
const PATCHES = [
  ['func (c *Conn) writeHandshakeRecord(', 'func (c *Conn) honestWriteHandshakeRecord('],
  ['type Conn struct {', 'type Conn struct {\n\tmisbehaviour *Misbehaviour']
] as const

/** @param go path of the toolchain. @param buildFolder kept between runs: a build takes seconds, the second one none */
export function buildEvilGoServer(go: string, buildFolder: string): string {
  mkdirSync(buildFolder, { recursive: true })
  const tlsFolder = join(execFileSync(go, ['env', 'GOROOT'], { encoding: 'utf8' }).trim(), 'src/crypto/tls')
  let source = readFileSync(join(tlsFolder, 'conn.go'), 'utf8')
  for (const [original, replacement] of PATCHES) {
    if (source.split(original).length !== 2) throw new Error(`crypto/tls of ${go} does not have one "${original}"`)
    source = source.replace(original, replacement)
  }
  const patched = join(buildFolder, 'conn.go')
  writeFileSync(patched, source)
  const overlay = join(buildFolder, 'overlay.json')
  const replace = {
    [join(tlsFolder, 'conn.go')]: patched,
    [join(tlsFolder, 'misbehave.go')]: join(SOURCES, 'misbehave.go')
  }
  writeFileSync(overlay, JSON.stringify({ Replace: replace }))
  const program = join(buildFolder, 'evil-server')
  execFileSync(go, ['build', '-overlay', overlay, '-o', program, join(SOURCES, 'evil-server.go')], {
    env: { ...process.env, GO111MODULE: 'off', GOCACHE: join(buildFolder, 'cache'), GOFLAGS: '' },
    stdio: 'pipe'
  })
  return program
}

export async function startEvilGoServer(program: string, cert: string, key: string): Promise<EvilGoServer> {
  const child = spawn(program, [cert, key], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  const port = Number(line.toString())
  return {
    connect: async request => {
      const { readable, writable } = await connectTcp(port)
      const writer = writable.getWriter()
      await writer.write(new TextEncoder().encode(`${request}\n`))
      writer.releaseLock()
      return { readable, writable }
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM')
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    }
  }
}
