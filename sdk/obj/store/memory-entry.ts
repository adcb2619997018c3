import type { ContentInfo, NewContent, PieceRecord, StoredPiece } from './piece-store.ts'
import { slotBytes } from './slot-size.ts'

/** What a store in memory has of one content. */
export interface Entry {
  readonly manifest: Uint8Array
  readonly info: Omit<ContentInfo, 'pieces' | 'storedBytes'>
  /** By segment, then by piece id in hex, in the order of arrival. */
  readonly segments: Map<number, Map<string, StoredPiece>>
}

/** @param now milliseconds since the Unix epoch */
export function newEntry(content: NewContent, now: number): Entry {
  const { manifest, pinned = false, peer, label, ...rest } = content
  return {
    manifest: manifest.slice(),
    info: {
      ...rest,
      manifestId: content.manifestId.slice(),
      contentId: content.contentId.slice(),
      pinned,
      addedAt: now,
      usedAt: now,
      ...(content.origin === 'peer' && peer !== undefined ? { peer } : {}),
      ...(label === undefined ? {} : { label: { name: label.name, type: label.type } })
    },
    segments: new Map()
  }
}

export function summary({ info, segments }: Entry): ContentInfo {
  const pieces = [...segments.values()].reduce((sum, { size }) => sum + size, 0)
  return {
    ...info,
    manifestId: info.manifestId.slice(),
    contentId: info.contentId.slice(),
    pieces,
    storedBytes: pieces * slotBytes(info.pieceBytes)
  }
}

export function copied({ record, data }: StoredPiece): StoredPiece {
  return { record: copiedRecord(record), data: data.slice() }
}

export function copiedRecord({ id, coefficients, root, provenance }: PieceRecord): PieceRecord {
  return { id: id.slice(), coefficients: coefficients.slice(), root: root.slice(), provenance: provenance.slice() }
}
