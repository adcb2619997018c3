/** The vectors of CraftOBJ, checked twice: the SDK makes them, and what the document says about them holds without the SDK. */
import { xchacha20poly1305 } from '@noble/ciphers/chacha.js'
import { ed25519 } from '@noble/curves/ed25519.js'
import { hkdf } from '@noble/hashes/hkdf.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js'
import { Ajv } from 'ajv'
import { describe, expect, it } from 'vitest'
import { CraftecError } from '../../sdk/errors/index.ts'
import {
  createContentCipher,
  decodeChallenge,
  decodeEvidence,
  formatLink,
  judgeAnswer,
  judgeEvidence,
  loadHashEngine,
  openCommittedTable,
  openManifest,
  parseLink,
  verifyPiece
} from '../../sdk/obj/index.ts'
import { hostileBytes } from './hostile-bytes.ts'
import { makeObjVectors } from './make-obj.ts'
import vectors from './obj.json' with { type: 'json' }
import schema from './obj.schema.json' with { type: 'json' }

const { content, audit, evidence, recoded } = vectors
const manifest = openManifest(hexToBytes(content.manifest))

/** RFC 9162 §2.1.1 */
function treeRoot(leaves: readonly Uint8Array[]): Uint8Array {
  const [only] = leaves
  if (only === undefined) throw new Error('a tree has leaves')
  if (leaves.length === 1) return only
  let split = 1
  while (split * 2 < leaves.length) split *= 2
  return sha256(concatBytes(Uint8Array.of(1), treeRoot(leaves.slice(0, split)), treeRoot(leaves.slice(split))))
}

const pieceRoot = (data: Uint8Array): Uint8Array =>
  treeRoot(
    Array.from({ length: Math.ceil(data.length / 1024) }, (_, index) =>
      sha256(concatBytes(Uint8Array.of(0), data.subarray(index * 1024, (index + 1) * 1024)))
    )
  )

const u32 = (value: number): Uint8Array => new Uint8Array(Uint32Array.of(value).buffer)

describe('the vectors of CraftOBJ', () => {
  it('fit their schema', () => {
    const validate = new Ajv({ strict: true, strictTypes: false, allErrors: true }).compile(schema)
    validate(vectors)
    expect(validate.errors).toBeNull()
    expect(validate({ ...vectors, audit: {} })).toBe(false)
  })

  it('are what the SDK makes, byte for byte', async () => {
    expect(await makeObjVectors()).toEqual(vectors)
  })

  it('have links that read and write to each other, and links that nobody reads', () => {
    for (const { link, contentId, ...parts } of vectors.links) {
      const read = parseLink(link)
      expect(bytesToHex(read.contentId)).toBe(contentId)
      expect(read.name).toBe('name' in parts ? parts.name : undefined)
      expect(read.key && bytesToHex(read.key)).toBe('key' in parts ? parts.key : undefined)
      expect(formatLink(read)).toBe(link)
    }
    for (const { why, link } of vectors.refusedLinks)
      expect(() => parseLink(link), why).toThrow(expect.objectContaining({ code: 'malformed' }))
  })

  it('are encrypted as the document says', () => {
    const label = utf8ToBytes('craftec-obj-content-1')
    for (const { key, chunkBytes, plaintext, storedBytes, stored } of vectors.encryption) {
      const derived = hkdf(sha256, hexToBytes(key), label, label, 48)
      const plain = hexToBytes(plaintext)
      const count = Math.max(1, Math.ceil(plain.length / chunkBytes))
      const chunks = Array.from({ length: count }, (_, index) => {
        const counter = new DataView(new ArrayBuffer(8))
        counter.setBigUint64(0, BigInt(index) + (index === count - 1 ? 2n ** 63n : 0n), true)
        const nonce = concatBytes(derived.subarray(32), new Uint8Array(counter.buffer))
        const chunk = plain.subarray(index * chunkBytes, (index + 1) * chunkBytes)
        return xchacha20poly1305(derived.subarray(0, 32), nonce, label).encrypt(chunk)
      })
      expect(bytesToHex(concatBytes(...chunks))).toBe(stored)
      expect(stored.length / 2).toBe(storedBytes)
      const [first = new Uint8Array(0)] = chunks
      const opened = createContentCipher(hexToBytes(key), chunkBytes).open(0, count === 1, first)
      expect(opened).toEqual(plain.subarray(0, chunkBytes))
    }
  })

  it('have the trees of RFC 9162', () => {
    for (const { leaves, root } of vectors.trees)
      expect(bytesToHex(treeRoot(leaves.map(leaf => hexToBytes(leaf))))).toBe(root)
    for (const { data, root } of vectors.pieces) expect(bytesToHex(pieceRoot(hexToBytes(data)))).toBe(root)
  })

  it('have a manifest with every field where the document puts it', () => {
    const bytes = hexToBytes(content.manifest)
    const view = new DataView(bytes.buffer)
    expect(bytes.subarray(0, 6)).toEqual(concatBytes(utf8ToBytes('CMAN'), Uint8Array.of(1, 0)))
    expect(bytesToHex(bytes.subarray(6, 38))).toBe(content.contentId)
    expect(bytesToHex(sha256(hexToBytes(content.bytes)))).toBe(content.contentId)
    expect([view.getBigUint64(38, true), view.getUint32(46, true), view.getUint32(50, true)]).toEqual([
      BigInt(content.size),
      content.segmentBytes,
      content.pieceBytes
    ])
    expect(view.getBigUint64(54, true)).toBe(BigInt(content.createdAt))
    expect(bytesToHex(bytes.subarray(62, 94))).toBe(content.publisher)
    for (const [index, { hash, committedRoot, pieces }] of content.segments.entries()) {
      const at = 94 + index * 66
      expect(bytesToHex(bytes.subarray(at, at + 32))).toBe(hash)
      expect(view.getUint16(at + 32, true)).toBe(pieces.length)
      expect(bytesToHex(bytes.subarray(at + 34, at + 66))).toBe(committedRoot)
      const segmentBytes = Math.min(content.segmentBytes, content.size - index * content.segmentBytes)
      const sources = pieces.slice(0, Math.ceil(segmentBytes / content.pieceBytes))
      const hashed = concatBytes(Uint8Array.of(4), u32(segmentBytes), ...sources.map(({ root }) => hexToBytes(root)))
      expect(bytesToHex(sha256(hashed))).toBe(hash)
    }
    expect(bytes.length).toBe(94 + content.segments.length * 66 + 64)
    const signed = concatBytes(utf8ToBytes('craftec-obj-manifest-1'), bytes.subarray(0, -64))
    expect(ed25519.verify(bytes.subarray(-64), signed, hexToBytes(content.publisher))).toBe(true)
    expect(bytesToHex(sha256(bytes))).toBe(content.manifestId)
  })

  it('have pieces whose ids, leaves and signatures are made as the document says', () => {
    for (const { k, hash, committedRoot, pieces } of content.segments) {
      const leaves = pieces.map(({ coefficients, root }, index) =>
        sha256(concatBytes(Uint8Array.of(2), u32(index), Uint8Array.of(k), hexToBytes(coefficients), hexToBytes(root)))
      )
      expect(bytesToHex(treeRoot(leaves))).toBe(committedRoot)
      for (const { id, coefficients, root, data } of pieces) {
        expect(bytesToHex(pieceRoot(hexToBytes(data)))).toBe(root)
        const named = concatBytes(
          Uint8Array.of(3),
          hexToBytes(hash),
          Uint8Array.of(k),
          hexToBytes(coefficients),
          hexToBytes(root)
        )
        expect(bytesToHex(sha256(named))).toBe(id)
      }
    }
    const coefficients = hexToBytes(recoded.coefficients)
    const signed = concatBytes(
      utf8ToBytes('craftec-obj-recoded-1'),
      hexToBytes(content.manifestId),
      u32(recoded.segment),
      Uint8Array.of(coefficients.length),
      coefficients,
      hexToBytes(recoded.root)
    )
    const provenance = hexToBytes(recoded.provenance)
    expect(provenance.length).toBe(97)
    expect(bytesToHex(provenance.subarray(0, 33))).toBe(`01${recoded.recoder}`)
    expect(ed25519.verify(provenance.subarray(33), signed, hexToBytes(recoded.recoder))).toBe(true)
  })

  it('ask for the leaves that the document says', () => {
    const challenge = hexToBytes(audit.challenge)
    const [manifestId, segment, nonce] = [
      challenge.subarray(0, 32),
      challenge.subarray(32, 36),
      challenge.subarray(69, 101)
    ]
    expect(challenge.length).toBe(102)
    const leaves = audit.leaves.map((_, sample) => {
      const digest = sha256(
        concatBytes(utf8ToBytes('craftec-obj-audit-1'), nonce, manifestId, segment, Uint8Array.of(sample))
      )
      return Number(new DataView(digest.buffer, digest.byteOffset).getBigUint64(0, true) % 2n)
    })
    expect(leaves).toEqual(audit.leaves)
    expect(bytesToHex(sha256(concatBytes(challenge, hexToBytes(audit.answer))))).toBe(audit.proofHash)
  })

  it('elect whom the document elects', () => {
    const { nowMs, epoch, manifestId, holders, ranking } = vectors.election
    expect(Math.floor(nowMs / 1_800_000)).toBe(epoch)
    const epochBytes = new Uint8Array(BigUint64Array.of(BigInt(epoch)).buffer)
    const label = utf8ToBytes('craftec-obj-scanner-1')
    const weight = (key: string): string =>
      bytesToHex(sha256(concatBytes(label, hexToBytes(manifestId), epochBytes, hexToBytes(key))))
    expect(holders.toSorted((a, b) => (weight(a) < weight(b) ? 1 : -1))).toEqual(ranking)
  })
})

describe.each(['js', 'wasm-simd'] as const)('with hash engine %s', engine => {
  it('every piece is taken, every answer passes, every lie is proven', async () => {
    const hashing = await loadHashEngine({ engine })
    for (const [segment, { table, pieces }] of content.segments.entries()) {
      expect(openCommittedTable(hashing, manifest, segment, hexToBytes(table)).count).toBe(pieces.length)
      for (const [index, piece] of pieces.entries()) {
        const header = {
          coefficients: hexToBytes(piece.coefficients),
          root: hexToBytes(piece.root),
          provenance: hexToBytes(piece.provenance)
        }
        const verified = verifyPiece(hashing, manifest, segment, header, hexToBytes(piece.data))
        expect([bytesToHex(verified.id), verified.index]).toEqual([piece.id, index])
      }
    }
    const verdict = judgeAnswer(manifest, decodeChallenge(hexToBytes(audit.challenge)), hexToBytes(audit.answer), 0)
    expect(verdict.outcome === 'passed' && bytesToHex(verdict.proofHash)).toBe(audit.proofHash)
    const { liar, key } = judgeEvidence(manifest, decodeEvidence(hexToBytes(evidence.evidence)))
    expect([liar, bytesToHex(key)]).toEqual(['recoder', evidence.liar])
  })
})

it('no decoder takes a vector with bytes changed, cut or added, and none fails by another name', () => {
  const garbage = hostileBytes('obj vectors')
  const decoders: readonly (readonly [string, (bytes: Uint8Array) => unknown])[] = [
    [content.manifest, bytes => openManifest(bytes)],
    ...vectors.manifests.map(({ manifest }) => [manifest, (bytes: Uint8Array) => openManifest(bytes)] as const),
    [evidence.evidence, bytes => judgeEvidence(manifest, decodeEvidence(bytes))]
  ]
  let refused = 0
  for (const [vector, decode] of decoders) {
    const bytes = hexToBytes(vector)
    decode(bytes)
    for (let round = 0; round < 300; round++) {
      const [at = 0, by = 0, cut = 0] = garbage(3)
      const place = (at * 256 + by) % bytes.length
      const changed = round % 3 === 0 ? bytes.subarray(0, place) : bytes.slice()
      if (round % 3 === 1) changed[place] = (changed[place] ?? 0) ^ (1 + (cut % 255))
      const input = round % 3 === 2 ? concatBytes(changed, garbage(1 + (cut % 40))) : changed
      expect(() => decode(input)).toThrow(CraftecError)
      refused++
    }
  }
  expect(refused).toBe(1200)
})
