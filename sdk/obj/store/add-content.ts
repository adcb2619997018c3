import { encodeHex } from '../../codec/index.ts'
import type { ContentRow } from './content-row.ts'
import { changeLedger } from './ledger-row.ts'
import type { NewContent } from './piece-store.ts'
import { removeContent } from './remove-pieces.ts'
import { checkAdoption } from './store-arguments.ts'
import type { StoreCore } from './store-core.ts'
import type { IndexChange } from './store-index.ts'
import { aliasKey } from './store-keys.ts'

/** @returns whether it was not there before */
export async function addContent(core: StoreCore, content: NewContent): Promise<boolean> {
  const manifest = encodeHex(content.manifestId)
  if ((await core.content(manifest)) !== undefined) return false
  const row = newRow(content, core.ledger.nextHome, core.policy.clock.now())
  await core.commit(addition(core, content, row), changeLedger(core.ledger, { contents: 1, homes: 1 }))
  return true
}

/**
 * The content's rows change their name in one commit; segments and pieces stay where they are. Where the content is there already the
 * provisional one is removed.
 * @returns whether it was not there before
 */
export async function adoptContent(core: StoreCore, provisionalId: Uint8Array, content: NewContent): Promise<boolean> {
  const [from, to] = [encodeHex(provisionalId), encodeHex(content.manifestId)]
  const provisional = await core.known(from)
  checkAdoption(provisional, content)
  if ((await core.content(to)) !== undefined) {
    await removeContent(core, from, provisional)
    return false
  }
  const { home, pieces } = provisional
  const row = { ...newRow(content, home, core.policy.clock.now()), pieces }
  const recent = core.ledger.recent.map(put => (put.manifest === from ? { ...put, manifest: to } : put))
  await core.commit(
    [
      { table: 'content', key: from, value: undefined },
      { table: 'manifest', key: from, value: undefined },
      { table: 'alias', key: aliasKey(encodeHex(provisional.contentId), from), value: undefined },
      ...addition(core, content, row)
    ],
    { ...core.ledger, recent }
  )
  return true
}

function addition(core: StoreCore, { manifestId, contentId, manifest }: NewContent, row: ContentRow): IndexChange[] {
  const key = encodeHex(manifestId)
  return [
    core.contentChange(key, row),
    { table: 'manifest', key, value: manifest },
    { table: 'alias', key: aliasKey(encodeHex(contentId), key), value: new Uint8Array(0) }
  ]
}

function newRow(content: NewContent, home: number, now: number): ContentRow {
  const { contentId, pieceBytes, segments, size, origin, peer, label, pinned = false } = content
  return {
    home,
    contentId: contentId.slice(),
    pieceBytes,
    segments,
    size,
    origin,
    pinned,
    addedAt: now,
    usedAt: now,
    pieces: 0,
    ...(origin === 'peer' && peer !== undefined ? { peer } : {}),
    ...(label === undefined ? {} : { label: { name: label.name, type: label.type } })
  }
}
