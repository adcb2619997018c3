/** What a cell and a handshake cost on the engine this runtime chooses, against the portable library called directly. */
import { chacha20poly1305 } from '@noble/ciphers/chacha.js'
import { ed25519, x25519 } from '@noble/curves/ed25519.js'
import { systemRandom } from '../../sdk/async/index.ts'
import { cryptoEngine } from '../../sdk/crypto/index.ts'
import type { BenchSuite, Measurement } from './harness.ts'

/** One cell of the onion protocol; the figure hardly changes between 2 and 8 KiB. */
const CELL_BYTES = 4096
const ROUND_MS = 60

/** The wrapper checks lengths and copies; more than this much overhead would be a defect of the wrapper. */
const NOT_SLOWER = { of: 'ratio', atLeast: 0.8 } as const

export const suite: BenchSuite = {
  name: 'crypto',
  rounds: 9,
  warmUpRounds: 2,
  timeoutMs: 10_000,
  open: async () => {
    const engine = cryptoEngine()
    const [key, nonce, seed] = [systemRandom(32), systemRandom(12), systemRandom(32)]
    const [cell, tag] = [systemRandom(CELL_BYTES), new Uint8Array(16)]
    const own = engine.x25519KeyPair(systemRandom)
    const other = engine.x25519KeyPair(systemRandom)
    const signature = ed25519.sign(cell, seed)
    const signer = ed25519.getPublicKey(seed)
    return {
      rows: [
        {
          measurement: megabytesPerSecond(`seal (${engine.name})`, () => engine.aeadSealInPlace(key, nonce, cell, tag)),
          baseline: megabytesPerSecond('noble seal', () => chacha20poly1305(key, nonce).encrypt(cell)),
          bar: NOT_SLOWER
        },
        {
          measurement: perSecond(`X25519 (${engine.name})`, () =>
            engine.x25519SharedSecret(own.privateKey, other.publicKey)
          ),
          baseline: perSecond('noble X25519', () => x25519.getSharedSecret(own.privateKey, other.publicKey)),
          bar: NOT_SLOWER
        },
        {
          measurement: perSecond(`Ed25519 verify (${engine.name})`, () =>
            engine.ed25519Verify(signer, cell, signature)
          ),
          baseline: perSecond('noble Ed25519 verify', () => ed25519.verify(signature, cell, signer)),
          bar: NOT_SLOWER
        }
      ]
    }
  }
}

function megabytesPerSecond(id: string, run: () => unknown): Measurement {
  return { id, unit: 'MB/s', run: async () => (ratePerSecond(run) * CELL_BYTES) / 1e6 }
}

function perSecond(id: string, run: () => unknown): Measurement {
  return { id, unit: '1/s', run: async () => ratePerSecond(run) }
}

function ratePerSecond(run: () => unknown): number {
  const started = performance.now()
  let calls = 0
  let elapsed = 0
  do {
    for (let batch = 0; batch < 8; batch++) run()
    calls += 8
    elapsed = performance.now() - started
  } while (elapsed < ROUND_MS)
  return (calls * 1000) / elapsed
}
