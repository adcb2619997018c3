/** Writes obj.json: `node test/vectors/make-obj.ts`. The bytes come from the engines in plain JavaScript. */
import { writeFileSync } from 'node:fs'
import { bytesToHex as hex } from '@noble/hashes/utils.js'
import { type Identity, identityFromSeed } from '../../sdk/identity/index.ts'
import {
  answerChallenge,
  cipherLayout,
  createContentCipher,
  encodeChallenge,
  encodeCommittedTable,
  encodeEvidence,
  epochOf,
  formatLink,
  gatherEvidence,
  judgeAnswer,
  merklePath,
  merkleRoot,
  pieceId,
  sampledLeaves,
  scannerRanking,
  signManifest
} from '../../sdk/obj/index.ts'
import { hashing, type PublishedContent, publishContent, recodedPiece } from '../kit/published-content.ts'
import { seededRandom } from './seeded-random.ts'

export type ObjVectors = Awaited<ReturnType<typeof makeObjVectors>>

const identity = (name: string): Identity => identityFromSeed(seededRandom(`obj vector ${name}`)(32))

export async function makeObjVectors() {
  const publisher = identity('publisher')
  const content = await publishContent({
    size: 6 * 1024 + 100,
    pieceBytes: 2048,
    segmentBytes: 3 * 2048,
    seed: 'obj vector content',
    publisher
  })
  return {
    $schema: './obj.schema.json',
    links: linkVectors(),
    refusedLinks: REFUSED_LINKS,
    encryption: ENCRYPTED_SIZES.map(([size, chunkBytes]) => encryptionVector(size, chunkBytes)),
    trees: [1, 2, 3, 5, 8, 13].map(treeVector),
    pieces: [1, 1024, 1025, 4096, 5000].map(pieceVector),
    content: contentVector(content),
    manifests: [await emptyManifest(publisher), await encryptedManifest(publisher)],
    recoded: await recodedVector(content),
    evidence: await evidenceVector(content),
    audit: auditVector(content),
    election: electionVector()
  }
}

const ENCRYPTED_SIZES = [
  [0, 1024],
  [1, 1024],
  [1024, 1024],
  [2500, 1024]
] as const

/** What a strict reader must not take, and why. */
const CID = 'ab'.repeat(32)
const REFUSED_LINKS = [
  ['upper case', `craftec:${CID.toUpperCase()}`],
  ['a short content id', `craftec:${CID.slice(2)}`],
  ['the key before #', `craftec:${CID}?k=${'A'.repeat(43)}`],
  ['a key with a second spelling', `craftec:${CID}#k=${'A'.repeat(42)}B`],
  ['a part twice', `craftec:${CID}#n=a&n=b`],
  ['an unknown part', `craftec:${CID}#x=1`],
  ['a path for a name', `craftec:${CID}#n=..%2Fa`],
  ['a name that reads backwards', `craftec:${CID}#n=txt.%E2%80%AEexe`],
  ['a media type with parameters', `craftec:${CID}#t=text%2Fhtml%3Bcharset%3Dutf-8`],
  ['an empty fragment', `craftec:${CID}#`]
].map(([why, link]) => ({ why, link }))

function linkVectors() {
  const random = seededRandom('obj vector links')
  const [contentId, manifestId, key] = [random(32), random(32), random(32)]
  const parts = [
    { contentId },
    { contentId, manifestId },
    { contentId, key },
    { contentId, manifestId, key, name: 'Ein Fluß & mehr?.mp4', mediaType: 'video/mp4' },
    { contentId, name: '川.txt', mediaType: 'text/plain' }
  ]
  return parts.map(part => ({
    link: formatLink(part),
    contentId: hex(contentId),
    ...('manifestId' in part ? { manifestId: hex(manifestId) } : {}),
    ...('key' in part ? { key: hex(key) } : {}),
    ...('name' in part ? { name: part.name, mediaType: part.mediaType } : {})
  }))
}

function encryptionVector(size: number, chunkBytes: number) {
  const random = seededRandom(`obj vector encryption ${size}`)
  const [key, plaintext] = [random(32), random(size)]
  const cipher = createContentCipher(key, chunkBytes)
  const { chunks, storedBytes } = cipherLayout(size, chunkBytes)
  const stored = Array.from({ length: chunks }, (_, index) =>
    cipher.seal(index, index === chunks - 1, plaintext.subarray(index * chunkBytes, (index + 1) * chunkBytes))
  )
  return { key: hex(key), chunkBytes, plaintext: hex(plaintext), storedBytes, stored: stored.map(hex).join('') }
}

function treeVector(count: number) {
  const leaves = seededRandom(`obj vector tree ${count}`)(count * 32)
  return {
    leaves: Array.from({ length: count }, (_, index) => hex(leaves.subarray(index * 32, (index + 1) * 32))),
    root: hex(merkleRoot(hashing, leaves)),
    paths: Array.from({ length: count }, (_, index) => hex(merklePath(hashing, leaves, index)))
  }
}

function pieceVector(bytes: number) {
  const data = seededRandom(`obj vector piece ${bytes}`)(bytes)
  return { data: hex(data), leaves: hex(hashing.leafHashes(data)), root: hex(hashing.pieceRoot(data)) }
}

function contentVector({ bytes, manifest, segments, publisher }: PublishedContent) {
  return {
    bytes: hex(bytes),
    contentId: hex(manifest.contentId),
    size: manifest.size,
    segmentBytes: manifest.segmentBytes,
    pieceBytes: manifest.pieceBytes,
    createdAt: manifest.createdAt,
    publisher: hex(publisher.publicKey),
    manifest: hex(manifest.bytes),
    manifestId: hex(manifest.id),
    segments: segments.map(({ table, pieces }, index) => {
      const description = manifest.segments[index]
      const hash = description?.hash ?? new Uint8Array(0)
      return {
        k: table.k,
        hash: hex(hash),
        committedRoot: hex(table.root),
        table: hex(encodeCommittedTable(table)),
        pieces: pieces.map(({ coefficients, root, provenance, data }) => ({
          id: hex(pieceId(hash, coefficients, root)),
          coefficients: hex(coefficients),
          root: hex(root),
          provenance: hex(provenance),
          data: hex(data)
        }))
      }
    })
  }
}

async function emptyManifest(publisher: Identity) {
  const { id, bytes } = await signManifest(
    {
      contentId: hashing.stream().digest(),
      size: 0,
      segmentBytes: 10_485_760,
      pieceBytes: 262_144,
      createdAt: 0,
      segments: []
    },
    publisher
  )
  return { name: 'empty content', manifest: hex(bytes), manifestId: hex(id) }
}

async function encryptedManifest(publisher: Identity) {
  const random = seededRandom('obj vector encrypted manifest')
  const contentId = random(32)
  const { id, bytes } = await signManifest(
    {
      contentId,
      size: 100_032,
      segmentBytes: 10_485_760,
      pieceBytes: 262_144,
      createdAt: 2 ** 53 - 1,
      encryption: { chunkBytes: 65_536, plainSize: 100_000 },
      segments: [{ hash: random(32), committed: 1, committedRoot: random(32) }]
    },
    publisher
  )
  return { name: 'encrypted content of one piece', manifest: hex(bytes), manifestId: hex(id) }
}

async function recodedVector(content: PublishedContent) {
  const recoder = identity('recoder')
  const random = seededRandom('obj vector recoding')
  const { pieces = [] } = content.segments[0] ?? {}
  const { coefficients, root, provenance, data } = await recodedPiece(
    { ...content, random },
    0,
    pieces.slice(1, 4),
    recoder
  )
  const hash = content.manifest.segments[0]?.hash ?? new Uint8Array(0)
  return {
    segment: 0,
    recoder: hex(recoder.publicKey),
    id: hex(pieceId(hash, coefficients, root)),
    coefficients: hex(coefficients),
    root: hex(root),
    provenance: hex(provenance),
    data: hex(data)
  }
}

async function evidenceVector(content: PublishedContent) {
  const liar = identity('liar')
  const random = seededRandom('obj vector lie')
  const [segment] = content.segments
  if (segment === undefined) throw new Error('content without segments')
  const lie = await recodedPiece({ ...content, random }, 0, segment.pieces, liar, data => {
    data[1500] = (data[1500] ?? 0) ^ 1
  })
  const evidence = gatherEvidence(hashing, content.manifest, 0, segment.table, lie, segment.bytes)
  if (evidence === undefined) throw new Error('a lie without evidence')
  return {
    liar: hex(liar.publicKey),
    segment: 0,
    leafIndex: evidence.leafIndex,
    evidence: hex(encodeEvidence(evidence))
  }
}

function auditVector({ manifest, segments }: PublishedContent) {
  const [piece] = segments[0]?.pieces ?? []
  if (piece === undefined) throw new Error('content without pieces')
  const challenge = {
    manifestId: manifest.id,
    segment: 0,
    target: {
      kind: 'piece' as const,
      id: pieceId(manifest.segments[0]?.hash ?? new Uint8Array(0), piece.coefficients, piece.root)
    },
    nonce: seededRandom('obj vector nonce')(32),
    samples: 4
  }
  const answer = answerChallenge(hashing, challenge, piece, piece.data)
  const verdict = judgeAnswer(manifest, challenge, answer, 0)
  if (verdict.outcome === 'failed') throw new Error(verdict.why)
  return {
    challenge: hex(encodeChallenge(challenge)),
    leaves: sampledLeaves(challenge, manifest.pieceBytes),
    answer: hex(answer),
    proofHash: hex(verdict.proofHash)
  }
}

function electionVector() {
  const random = seededRandom('obj vector election')
  const manifestId = random(32)
  const holders = Array.from({ length: 5 }, () => random(32))
  const nowMs = 1_700_000_000_000
  const epoch = epochOf(nowMs)
  return {
    nowMs,
    epoch,
    manifestId: hex(manifestId),
    holders: holders.map(hex),
    ranking: scannerRanking(manifestId, epoch, holders).map(hex)
  }
}

if (import.meta.main)
  writeFileSync(new URL('./obj.json', import.meta.url), `${JSON.stringify(await makeObjVectors(), null, 1)}\n`)
