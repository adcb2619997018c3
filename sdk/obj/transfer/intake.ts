import { CraftecError } from '../../errors/index.ts'
import type { HashEngine } from '../hashing/index.ts'
import { verifyPiece } from '../integrity/index.ts'
import { manifestSegmentation, openManifest, type SignedManifest } from '../manifest/index.ts'
import type { PieceStore, StoredPiece } from '../store/index.ts'
import type { ManifestShelf } from './manifest-shelf.ts'
import type { AssembledPiece } from './piece-assembler.ts'
import type { EndReason, Offer } from './transfer-message.ts'

export type Admission =
  /** `release` frees the place of the grant, whatever became of it. */
  | {
      readonly outcome: 'granted'
      readonly pieces: number
      readonly wantsManifest: boolean
      readonly release: () => void
    }
  | { readonly outcome: Exclude<EndReason, 'done'>; readonly retryAfterMs: number }

export type IntakeResult =
  | { readonly outcome: 'stored'; readonly pieces: number }
  | { readonly outcome: 'refused' | 'invalid' }

/** Decides which pieces of others are kept here. */
export interface Intake {
  admit(peer: string, offer: Offer): Promise<Admission>
  /** Verify and keep what was granted. All or nothing: one piece that does not verify refuses the rest with it. */
  store(
    peer: string,
    offer: Offer,
    manifest: Uint8Array | undefined,
    pieces: readonly AssembledPiece[]
  ): Promise<IntakeResult>
}

export interface IntakeOptions {
  readonly store: PieceStore
  readonly manifests: ManifestShelf
  readonly hashes: HashEngine
  /** Bytes that may be on their way here in answer to one grant. Default 4 MiB. */
  readonly grantBytes?: number
  /** Grants that may be open at once, over all peers: with `grantBytes` this bounds what waits in memory. Default 8. */
  readonly maxGrants?: number
  /** Called when a peer sent pieces that do not verify. */
  readonly onInvalid?: (peer: string) => void
}

const DEFAULT_GRANT_BYTES = 4 * 1024 * 1024
const DEFAULT_GRANTS = 8
const BUSY_RETRY_MS = 1_000

interface Grant {
  readonly from: string
  readonly pieces: number
  readonly pieceBytes: number
}

/** Takes whatever verifies, as long as the store has room for it. */
export function createIntake(options: IntakeOptions): Intake {
  const { store, manifests, hashes, grantBytes = DEFAULT_GRANT_BYTES, onInvalid = () => {} } = options
  const { maxGrants = DEFAULT_GRANTS } = options
  const open = new Set<Grant>()
  let turn: Promise<unknown> = Promise.resolve()

  async function admit(from: string, { manifestId, segment, pieces, pieceBytes }: Offer): Promise<Admission> {
    if (open.size >= maxGrants) return { outcome: 'busy', retryAfterMs: BUSY_RETRY_MS }
    const most = Math.min(pieces, Math.floor(grantBytes / pieceBytes))
    const offer = { manifestId, segment, pieces: most, pieceBytes, from, promised: [...open] }
    const room = most < 1 ? 0 : await store.roomFor(offer)
    if (room < 1) return { outcome: 'refused', retryAfterMs: 0 }
    const wantsManifest = (await store.content(manifestId)) === undefined
    const grant = { from, pieces: room, pieceBytes }
    open.add(grant)
    return { outcome: 'granted', pieces: room, wantsManifest, release: () => open.delete(grant) }
  }

  return {
    // One after another: each counts what the ones before it were promised.
    admit: (peer, offer) => {
      const admission = turn.then(() => admit(peer, offer))
      turn = admission.catch(() => {})
      return admission
    },

    store: async (peer, offer, manifestBytes, pieces) => {
      try {
        const manifest = manifestBytes
          ? openManifest(manifestBytes, { manifestId: offer.manifestId })
          : await manifests.get(offer.manifestId)
        if (!manifest) return { outcome: 'refused' }
        if (pieces.length === 0) return { outcome: 'stored', pieces: 0 }
        const checked = pieces.map(({ head, data }): StoredPiece => {
          const { id } = verifyPiece(hashes, manifest, offer.segment, head, data)
          return { record: { id, ...head }, data }
        })
        await store.addContent(contentOf(manifest, peer))
        try {
          return {
            outcome: 'stored',
            pieces: await store.putPieces(manifest.id, offer.segment, checked, { from: peer })
          }
        } catch (error) {
          // a manifest without a piece is of use to nobody; a disk that is full may keep it until the next try
          await store.removeContent(manifest.id, { ifEmpty: true }).catch(() => {})
          throw error
        }
      } catch (error) {
        const { code } = CraftecError.from(error)
        // unknown by now: another grant of it failed between the two steps
        if (code === 'storage-full' || code === 'limit-exceeded' || code === 'content-unknown')
          return { outcome: 'refused' }
        if (code !== 'malformed' && code !== 'invalid-signature' && code !== 'invalid-argument') throw error
        onInvalid(peer)
        return { outcome: 'invalid' }
      }
    }
  }
}

function contentOf(manifest: SignedManifest, peer: string): Parameters<PieceStore['addContent']>[0] {
  return {
    manifestId: manifest.id,
    contentId: manifest.contentId,
    manifest: manifest.bytes,
    pieceBytes: manifest.pieceBytes,
    segments: manifestSegmentation(manifest).count,
    size: manifest.size,
    origin: 'peer',
    peer
  }
}
