/** Storage of a page that wires nothing: in workers where they can be had, and all the same without. No network is needed for that. */
import { expect } from 'chai'
import { type Craftec, CraftecError, createCraftec } from '../../sdk/index.ts'
import { type CraftecWorker, createCraftecWorker } from '../../workers/index.ts'

/** Nobody listens there. */
const BOOTSTRAP = ['/ip4/127.0.0.1/tcp/9/ws/p2p/12D3KooWGRUVh9fbJCPaM2HYmEwaVpNyHYwyPkLXvHpTQGpyCvtn']
/** More than is coded without a worker, and not a whole number of pieces. */
const BYTES = 1_000_003

function bytes(length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, (_, index) => index ^ (index >> 8) ^ (index >> 13))
}

async function codeOf(task: Promise<unknown>): Promise<string> {
  return task.then(
    () => 'no error',
    error => (error instanceof CraftecError ? error.code : `untyped: ${String(error)}`)
  )
}

/** Not by chai, which takes seconds for a megabyte that differs. */
function same(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, at) => byte === right[at])
}

async function storesAndReads(craft: Pick<Craftec, 'obj'>): Promise<string> {
  const file = bytes(BYTES)
  const { link } = await craft.obj.put(file, { replicas: 0 })
  expect(same(await craft.obj.get(link).bytes(), file)).to.equal(true)
  return link
}

describe('storage of a page', () => {
  const { Worker: RealWorker } = globalThis
  afterEach(() => {
    globalThis.Worker = RealWorker
  })

  it('is in workers, without being asked', async () => {
    await using craft = await createCraftec({ bootstrap: BOOTSTRAP })
    const link = await storesAndReads(craft)
    const engines = await craft.obj.engines()
    expect(engines).to.include({ hashing: 'wasm-simd', codec: 'workers', store: 'worker' })
    await craft.obj.remove(link)
  })

  it('starts no worker for what is small, when nothing is kept', async () => {
    globalThis.Worker = class {
      constructor() {
        throw new Error('not needed')
      }
    } as never
    await using craft = await createCraftec({ bootstrap: BOOTSTRAP, storage: 'memory' })
    const { link } = await craft.obj.put(bytes(5_000), { replicas: 0 })
    expect(same(await craft.obj.get(link).bytes(), bytes(5_000))).to.equal(true)
  })

  for (const [why, worker] of [
    ['there are none', () => undefined],
    ['they are refused', () => refusedByPolicy()],
    ['their modules were left behind', () => withoutModules(RealWorker)]
  ] as const)
    it(`is in the page's thread where ${why}, and has what was stored before`, async () => {
      const first = await createCraftec({ bootstrap: BOOTSTRAP })
      const link = await storesAndReads(first)
      await first.stop()
      globalThis.Worker = worker() as typeof Worker
      await using craft = await createCraftec({ bootstrap: BOOTSTRAP })
      expect(same(await craft.obj.get(link).bytes(), bytes(BYTES))).to.equal(true)
      await craft.obj.remove(link)
      await craft.obj.remove(await storesAndReads(craft))
      expect(await craft.obj.engines()).to.include({ codec: 'inline', store: 'inline' })
    })
})

/** Workers as a page has them whose policy allows none. */
function refusedByPolicy(): unknown {
  const frame = document.createElement('iframe')
  document.body.append(frame)
  const policy = frame.contentDocument?.createElement('meta')
  if (!frame.contentWindow || !policy) throw new Error('no frame')
  policy.httpEquiv = 'Content-Security-Policy'
  policy.content = "worker-src 'none'"
  frame.contentDocument?.head.append(policy)
  return (frame.contentWindow as unknown as { Worker: unknown }).Worker
}

function withoutModules(RealWorker: typeof Worker): unknown {
  return class extends RealWorker {
    constructor() {
      super('/nowhere.js', { type: 'module' })
    }
  }
}

describe('storage of a node in a worker', () => {
  let craft: CraftecWorker
  before(async () => {
    craft = await createCraftecWorker({ bootstrap: BOOTSTRAP, storage: 'memory' })
  })
  after(() => craft.stop())

  it('takes every kind of source, and gives it in every form', async () => {
    const file = bytes(70_001)
    const half = file.length >> 1
    const sources = [
      file.slice(),
      new Blob([file]),
      new Blob([file]).stream(),
      (async function* () {
        yield file.slice(0, half)
        yield file.slice(half)
      })()
    ]
    for (const source of sources) {
      let taken = 0
      const { link, size, distribution } = await craft.obj.put(source, {
        encrypt: true,
        replicas: 0,
        onProgress: progress => {
          taken = progress.bytes
        }
      })
      expect(size).to.equal(file.length)
      expect(taken).to.be.greaterThan(0)
      expect(await distribution.done).to.deep.equal({ status: 'local' })
      const content = craft.obj.get(link)
      expect(same(await content.bytes(), file)).to.equal(true)
      expect(same(new Uint8Array(await (await content.blob()).arrayBuffer()), file)).to.equal(true)
      expect(
        same(await craft.obj.get(link, { range: { from: 3, to: 66_000 } }).bytes(), file.slice(3, 66_000))
      ).to.equal(true)
      const response = await content.response({ headers: new Headers({ range: 'bytes=10-19' }) })
      expect([response.status, response.headers.get('content-range')]).to.deep.equal([206, 'bytes 10-19/70001'])
      expect(same(new Uint8Array(await response.arrayBuffer()), file.slice(10, 20))).to.equal(true)
    }
  })

  it('lists, describes, exports, imports and removes', async () => {
    const file = bytes(20_000)
    const { link, manifestId } = await craft.obj.put(file, { replicas: 0 })
    const listed: Uint8Array[] = []
    for await (const content of craft.obj.ls()) listed.push(content.manifestId)
    expect(listed.some(id => same(id, manifestId))).to.equal(true)
    expect((await craft.obj.stat(link)).size).to.equal(file.length)
    await craft.obj.unpin(link)
    await craft.obj.pin(link)
    const archive = await new Response(craft.obj.export(link)).blob()
    expect(await craft.obj.remove(link)).to.equal(true)
    expect(await craft.obj.remove(link)).to.equal(false)
    expect((await craft.obj.import(archive)).size).to.equal(file.length)
    expect(same(await craft.obj.get(link).bytes(), file)).to.equal(true)
    expect((await craft.obj.usage()).contents).to.be.greaterThan(0)
    expect(await craft.obj.engines()).to.include({ hashing: 'wasm-simd', store: 'memory' })
    expect(await craft.obj.distribution(new Uint8Array(32))).to.equal(undefined)
  })

  it('fails on the page with the code of the reason', async () => {
    expect(await codeOf(craft.obj.get('nonsense').bytes())).to.equal('malformed')
    expect(await codeOf(craft.obj.put(bytes(10), { signal: AbortSignal.abort() }))).to.equal('aborted')
    const controller = new AbortController()
    const endless = (async function* () {
      for (;;) {
        yield bytes(100_000)
        controller.abort()
      }
    })()
    expect(await codeOf(craft.obj.put(endless, { signal: controller.signal }))).to.equal('aborted')
    const failing = (async function* () {
      yield bytes(10)
      throw new CraftecError('malformed', 'the source broke')
    })()
    expect(await codeOf(craft.obj.put(failing))).to.equal('malformed')
  })

  it('ends with the worker', async () => {
    const other = await createCraftecWorker({ bootstrap: BOOTSTRAP, storage: 'memory' })
    const { distribution } = await other.obj.put(bytes(2_000))
    await other.stop()
    expect(await distribution.done).to.deep.equal({ status: 'stopped' })
    expect(await codeOf(other.obj.usage())).to.equal('stopped')
  })
})
