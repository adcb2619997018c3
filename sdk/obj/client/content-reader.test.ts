import { describe, expect, it } from 'vitest'
import { type PublishedPiece, publishContent, recodedPiece } from '../../../test/kit/published-content.ts'
import { type StorageNode, storageNetwork } from '../../../test/kit/storage-network.ts'
import { encodeHex } from '../../codec/index.ts'
import { identityFromSeed } from '../../identity/index.ts'
import { openStorageReceipt, signStorageReceipt } from '../audit/index.ts'
import { formatLink } from '../content/index.ts'
import { pieceId } from '../piece/index.ts'
import type { PeerFault } from '../transfer/index.ts'
import type { GetProgress } from './content-reader.ts'
import { ObjClient } from './obj-client.ts'

const content = await publishContent({ size: 16_384 })
const { manifest } = content
const liar = identityFromSeed(new Uint8Array(32).fill(201))
const honest = identityFromSeed(new Uint8Array(32).fill(202))
const k = 8

async function keep(node: StorageNode, pieces: readonly PublishedPiece[]): Promise<void> {
  const { store } = node.context
  const { id: manifestId, contentId, bytes, pieceBytes, size } = manifest
  await store.addContent({ manifestId, contentId, manifest: bytes, pieceBytes, segments: 1, size, origin: 'own' })
  const hash = manifest.segments[0]?.hash ?? new Uint8Array(0)
  await store.putPieces(
    manifestId,
    0,
    pieces.map(({ data, ...head }) => ({ record: { id: pieceId(hash, head.coefficients, head.root), ...head }, data }))
  )
}

async function receiptsOf({ context }: StorageNode): Promise<string[]> {
  const nodes: string[] = []
  for await (const bytes of context.issued.export()) nodes.push(encodeHex(openStorageReceipt(bytes).storageNode))
  return nodes
}

describe('a reader that meets a signed lie', () => {
  it('makes void what it gave its author for the content, and nothing else', async () => {
    const network = storageNetwork()
    const all = content.segments[0]?.pieces ?? []
    const lie = await recodedPiece(content, 0, all, liar, data => data.set([(data[0] ?? 0) ^ 1]))
    // the lie is needed: who has the rest comes when it was taken
    await keep(network.holder(), [...all.slice(0, k - 1), lie])
    let truth: Promise<void> | undefined
    const onProgress = ({ bytes }: GetProgress): void => {
      if (bytes >= k * manifest.pieceBytes) truth ??= keep(network.holder(), all)
    }
    const reader = network.node()
    const receipt = (storageNode: Uint8Array, contentId = manifest.contentId) =>
      signStorageReceipt(
        {
          contentId,
          storageNode,
          shardIndex: 0,
          timestamp: Math.floor(reader.context.clock.now() / 1000),
          nonce: new Uint8Array(32),
          proofHash: new Uint8Array(32)
        },
        reader.identity
      )
    const other = new Uint8Array(32).fill(7)
    await reader.context.issued.add(
      [await receipt(liar.publicKey), await receipt(liar.publicKey, other), await receipt(honest.publicKey)],
      reader.context.clock.now()
    )
    const faults: PeerFault[] = []
    const client = new ObjClient(reader.context)
    const link = formatLink({ contentId: manifest.contentId, manifestId: manifest.id })
    expect(await client.get(link, { onProgress, onFault: fault => faults.push(fault) }).bytes()).toEqual(content.bytes)
    await truth
    expect(faults).toContainEqual(expect.objectContaining({ peer: liar.peerId, why: 'polluted-piece' }))
    await expect.poll(() => receiptsOf(reader), { timeout: 10_000 }).toHaveLength(2)
    expect((await receiptsOf(reader)).sort()).toEqual([liar, honest].map(each => encodeHex(each.publicKey)).sort())
    await client.stop()
  })
})
