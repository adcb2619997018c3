import { encodeHex } from '../../codec/index.ts'
import type { ContentRow } from './content-row.ts'
import type { StoreCore } from './store-core.ts'
import { aliasKey } from './store-keys.ts'

/** The content's rows change their name in one commit; segments and pieces stay where they are. */
export async function adoptContent(
  core: StoreCore,
  provisional: { readonly manifest: string; readonly row: ContentRow },
  adopted: { readonly manifest: string; readonly row: ContentRow; readonly bytes: Uint8Array }
): Promise<void> {
  const { home, pieces } = provisional.row
  const [from, to] = [provisional.manifest, adopted.manifest]
  const recent = core.ledger.recent.map(put => (put.manifest === from ? { ...put, manifest: to } : put))
  await core.commit(
    [
      { table: 'content', key: from, value: undefined },
      { table: 'manifest', key: from, value: undefined },
      { table: 'alias', key: aliasKey(encodeHex(provisional.row.contentId), from), value: undefined },
      core.contentChange(to, { ...adopted.row, home, pieces }),
      { table: 'manifest', key: to, value: adopted.bytes },
      { table: 'alias', key: aliasKey(encodeHex(adopted.row.contentId), to), value: new Uint8Array(0) }
    ],
    { ...core.ledger, recent }
  )
}
