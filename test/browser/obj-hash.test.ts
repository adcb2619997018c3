import { expect } from 'chai'
import { loadHashEngine, openManifest } from '../../sdk/obj/index.ts'
import { hashing as plain, publishContent } from '../kit/published-content.ts'
import { seededRandom } from '../vectors/seeded-random.ts'

const random = seededRandom('hashing in a browser')

describe('hashing in a browser', () => {
  it('gives the same bytes in WebAssembly as in plain JavaScript', async () => {
    const engine = await loadHashEngine({ engine: 'wasm-simd' })
    for (const bytes of [1, 1024, 1025, 5000, 262_144]) {
      const piece = random(bytes)
      expect(engine.leafHashes(piece)).to.deep.equal(plain.leafHashes(piece))
      expect(engine.pieceRoot(piece)).to.deep.equal(plain.pieceRoot(piece))
    }
    const message = random(300_001)
    const stream = engine.stream()
    for (let at = 0; at < message.length; at += 70_000) stream.update(message.subarray(at, at + 70_000))
    const digest = await crypto.subtle.digest('SHA-256', message.slice())
    expect(stream.digest()).to.deep.equal(new Uint8Array(digest))
  })

  it('publishes what opens again', async () => {
    const { manifest, bytes } = await publishContent()
    const opened = openManifest(manifest.bytes, { manifestId: manifest.id })
    expect(opened.size).to.equal(bytes.length)
  })
})
