import { expect } from 'chai'
import { type CodecPool, type CodecPoolOptions, createCodecPool } from '../../workers/index.ts'
import { roundTrip } from './fixtures/codec-round-trip.ts'

const SERVICE_WORKER = '/test/browser/fixtures/codec-service-worker.ts'

describe('the codec pool in a browser', () => {
  let pool: CodecPool | undefined
  const open = (options: CodecPoolOptions = {}): CodecPool => {
    pool = createCodecPool(options)
    return pool
  }
  afterEach(() => pool?.dispose())

  it('codes in module workers, on the kernels with relaxed SIMD', async () => {
    expect(await roundTrip(open({ workers: 2 }))).to.equal('wasm-relaxed-simd')
  })

  it('takes its worker and its kernels from other addresses', async () => {
    const workerUrl = URL.createObjectURL(
      new Blob([`import ${JSON.stringify(new URL('/workers/codec/codec-worker.ts', location.href).href)}`], {
        type: 'text/javascript'
      })
    )
    const strict = await blobUrl('/wasm/dist/rlnc-strict.wasm')
    try {
      // no relaxed build: the name shows whose address was used
      const wasmUrls = { strict, relaxed: new URL('/nowhere.wasm', location.href).href }
      expect(await roundTrip(open({ workers: 1, workerUrl, wasmUrls }))).to.equal('wasm-simd')
    } finally {
      URL.revokeObjectURL(workerUrl)
      URL.revokeObjectURL(strict)
    }
  })

  it('falls back to plain JavaScript when the kernels are not at their address', async () => {
    const nowhere = new URL('/nowhere.wasm', location.href).href
    expect(await roundTrip(open({ workers: 1, wasmUrls: { strict: nowhere, relaxed: nowhere } }))).to.equal('js')
  })

  it('says so when the worker is not at its address', async () => {
    const error: unknown = await roundTrip(open({ workers: 1, workerUrl: '/nowhere.js' })).catch(
      (error: unknown) => error
    )
    expect(error).to.have.property('code', 'internal')
  })

  it('writes to shared memory of the page', async () => {
    const into = new Uint8Array(new SharedArrayBuffer(2 * 64))
    const { pieces } = await open({ workers: 1 }).encode({
      source: new Uint8Array(64).fill(3),
      k: 1,
      pieceBytes: 64,
      count: 2,
      into
    })
    expect(pieces.buffer).to.be.instanceOf(SharedArrayBuffer)
    expect(into).to.deep.equal(Uint8Array.from(pieces))
  })

  it('works in a service worker', async () => {
    const registration = await navigator.serviceWorker.register(SERVICE_WORKER, { type: 'module' })
    try {
      const worker = registration.installing ?? registration.waiting ?? registration.active
      const answer = new Promise(resolve => {
        navigator.serviceWorker.addEventListener('message', ({ data }) => resolve(data), { once: true })
      })
      navigator.serviceWorker.startMessages()
      worker?.postMessage('go')
      expect(await answer).to.deep.equal({ engine: 'wasm-relaxed-simd' })
    } finally {
      await registration.unregister()
    }
  })
})

async function blobUrl(path: string): Promise<string> {
  return URL.createObjectURL(await (await fetch(path)).blob())
}
