/** libcurl.js with the roots it brings: a file of its own, because a process has one libcurl.js. */
import '../kit/pretend-page.ts'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { libcurl } from 'libcurl.js'
import { expect, it } from 'vitest'
import { libcurlTls } from '../../sdk/tls-libcurl/index.ts'
import { makeLeaf, makeRoot } from '../kit/certificate-maker.ts'
import { startTlsServer } from '../kit/tls-server.ts'

const wasm = readFileSync(fileURLToPath(import.meta.resolve('libcurl.js/libcurl.wasm')))

it("says so when its file is not there, and tries again; then trusts Mozilla's list, so not this test's", async () => {
  const leaf = makeLeaf(makeRoot('Nobody'))
  const key = leaf.key.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
  const server = await startTlsServer({ cert: leaf.pem, key, minVersion: 'TLSv1.2' }, socket => void socket.end())
  const connect = async (wasmUrl: string): Promise<unknown> =>
    libcurlTls({ wasmUrl }).connect(await server.connect(), {
      host: 'localhost',
      alpn: [],
      signal: AbortSignal.timeout(10_000)
    })
  try {
    await expect(connect('data:application/wasm;base64,AAAA')).rejects.toMatchObject({ code: 'unsupported' })
    const good = `data:application/wasm;base64,${wasm.toString('base64')}`
    await expect(connect(good)).rejects.toMatchObject({ code: 'tls-failed', details: { curlCode: 60 } })
    expect(libcurl.get_cacert().match(/BEGIN CERTIFICATE/g)?.length).toBeGreaterThan(100)
  } finally {
    await server.close()
  }
})
