import { ByteReader } from '../../codec/index.ts'
import { CraftecError } from '../../errors/index.ts'
import { type ContentRow, decodeContentRow } from './content-row.ts'
import { decodeSegmentRow, type PlacedPiece } from './segment-row.ts'
import type { StoreIndex } from './store-index.ts'
import { segmentKey } from './store-keys.ts'

/** Rows of the index, decoded. */
export class StoreRows {
  readonly row: StoreIndex['get']

  constructor(row: StoreIndex['get']) {
    this.row = row
  }

  async content(manifest: string): Promise<ContentRow | undefined> {
    const row = await this.row('content', manifest)
    return row && readRow(() => decodeContentRow(row))
  }

  /** @throws CraftecError `content-unknown` */
  async known(manifest: string): Promise<ContentRow> {
    const row = await this.content(manifest)
    if (row === undefined)
      throw new CraftecError('content-unknown', 'no such content in this store; addContent() comes first')
    return row
  }

  async segment({ home }: ContentRow, segment: number): Promise<PlacedPiece[]> {
    const row = await this.row('segment', segmentKey(home, segment))
    return row === undefined ? [] : readRow(() => decodeSegmentRow(row))
  }

  async bytesOfPeer(peer: string): Promise<number> {
    const row = await this.row('peer', peer)
    return row === undefined ? 0 : readRow(() => Number(new ByteReader(row, 'peer row').u64()))
  }
}

/** @throws CraftecError `storage-corrupt` */
function readRow<T>(decode: () => T): T {
  try {
    return decode()
  } catch (cause) {
    throw new CraftecError(
      'storage-corrupt',
      'a row of the store does not decode; another program wrote there, or the medium is failing. Remove the store to start anew',
      { cause }
    )
  }
}
