/** 100,000 hostile inputs to each parser: it returns a canonical value or throws its own typed error, nothing else. */
import { describe, expect, it } from 'vitest'
import { createNobleEngine } from '../crypto/index.ts'
import { CraftecError } from '../errors/index.ts'
import { didFromPublicKey, parseDid } from './did.ts'
import { decodeDidDocument, didDocument, encodeDidDocument } from './did-document.ts'
import { parsePeerId, peerIdFromPublicKey } from './peer-id.ts'

const INPUTS = 100_000
const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz0OIl:#"{}[],.-+ \\u\n\0é😀'

/** Reproducible random numbers: a ChaCha20 key stream. */
function randomNumbers(seed: number): (below: number) => number {
  const engine = createNobleEngine()
  const key = new Uint8Array(32).fill(seed)
  const nonce = new Uint8Array(12)
  let numbers = new Uint32Array(0)
  let at = 0
  let counter = 0
  return below => {
    if (at === numbers.length) {
      numbers = new Uint32Array(engine.chacha20Xor(key, nonce, counter, new Uint8Array(4096)).buffer as ArrayBuffer)
      counter += 64
      at = 0
    }
    return (numbers[at++] ?? 0) % below
  }
}

/** A valid text with a few random edits, or one cut, doubled or built of random characters. */
function mutate(valid: string, random: (below: number) => number): string {
  const character = (): string => ALPHABET.charAt(random(ALPHABET.length))
  if (random(10) === 0) return Array.from({ length: random(80) }, character).join('')
  let text = valid
  for (let edits = random(4); edits >= 0; edits--) {
    const at = random(text.length + 1)
    const kind = random(5)
    if (kind === 0) text = text.slice(0, at) + character() + text.slice(at)
    else if (kind === 1) text = text.slice(0, at) + text.slice(at + 1 + random(3))
    else if (kind === 2) text = text.slice(0, at) + character() + text.slice(at + 1)
    else if (kind === 3) text = text.slice(0, at)
    else text = text.slice(at) + text.slice(0, at)
  }
  return text
}

const parsers = [
  { name: 'parseDid', code: 'invalid-did', valid: (key: Uint8Array): string => didFromPublicKey(key), parse: parseDid },
  {
    name: 'decodeDidDocument',
    code: 'invalid-did',
    valid: (key: Uint8Array): string => encodeDidDocument(didDocument(key, 1_700_000_000)),
    parse: (text: string): string => encodeDidDocument(decodeDidDocument(text))
  },
  {
    name: 'parsePeerId',
    code: 'malformed',
    valid: (key: Uint8Array): string => peerIdFromPublicKey(key),
    parse: parsePeerId
  }
]

describe.each(parsers)('$name', ({ code, valid, parse }) => {
  it('survives 100,000 hostile inputs', { timeout: 60_000 }, () => {
    const random = randomNumbers(1)
    const seeds = Array.from({ length: 50 }, () => valid(Uint8Array.from({ length: 32 }, () => random(256))))
    const outcomes = { taken: 0, refused: 0 }
    for (let round = 0; round < INPUTS; round++) {
      const input = mutate(seeds[random(seeds.length)] ?? '', random)
      try {
        const canonical = parse(input)
        if (parse(canonical) !== canonical) expect.fail(`not canonical: ${JSON.stringify(input)}`)
        outcomes.taken++
      } catch (error) {
        if (!(error instanceof CraftecError) || error.code !== code) throw error
        outcomes.refused++
      }
    }
    expect(outcomes.refused).toBeGreaterThan(INPUTS / 2)
    expect(outcomes.taken).toBeGreaterThan(0)
  })
})
