import { CraftecError } from '../../../sdk/errors/index.ts'
import type { PieceStore, StoreUsage } from '../../../sdk/obj/index.ts'
import { openPieceStore } from '../../../workers/index.ts'
import { PIECES, segmentContent } from '../../kit/segment-content.ts'
import { pieces } from '../../kit/store-content.ts'

/** What a test calls in its page. */
const visit = {
  open: async (): Promise<number> => {
    const started = performance.now()
    store = await openPieceStore({ name: 'pieces' })
    return performance.now() - started
  },
  close: (): Promise<void> => current().close(),
  usage: (): Promise<StoreUsage> => current().usage(),

  /** Put segment after segment, `atOnce` of them under way, and report each that was acknowledged. */
  put: async (number: number, segments: number, atOnce: number): Promise<void> => {
    const content = segmentContent(number, segments)
    await current().addContent(content)
    let next = 0
    const work = async (): Promise<void> => {
      while (next < segments) {
        const segment = next++
        const given = pieces(content, segment, PIECES)
        await current().putPieces(content.manifestId, segment, given, { transfer: true })
        await globalThis.acknowledged(number, segment)
      }
    }
    await Promise.all(Array.from({ length: atOnce }, work))
  },

  /** One put, and how it ended. */
  tryToPut: async (number: number, segments: number, segment: number): Promise<string> => {
    const content = segmentContent(number, segments)
    try {
      await current().addContent(content)
      const added = await current().putPieces(content.manifestId, segment, pieces(content, segment, PIECES))
      return `added ${added}`
    } catch (error) {
      return CraftecError.from(error).code
    }
  },

  pin: async (number: number): Promise<void> => current().pin(segmentContent(number, 1).manifestId),
  remove: async (number: number): Promise<boolean> => current().removeContent(segmentContent(number, 1).manifestId),

  /** Read all of a content and compare it. @returns segments that are complete; throws at what is half there or wrong */
  completeSegments: async (number: number, segments: number): Promise<number[]> => {
    const content = segmentContent(number, segments)
    if ((await current().content(content.manifestId)) === undefined) return []
    const complete: number[] = []
    for (const [segment, count] of (await current().held(content.manifestId)).entries()) {
      if (count === 0) continue
      if (count !== PIECES) throw new Error(`segment ${segment} has ${count} of ${PIECES} pieces`)
      for (const { record, data } of pieces(content, segment, PIECES)) {
        const read = await current().readPiece(content.manifestId, segment, record.id)
        if (read === undefined || !data.every((byte, at) => byte === read[at]))
          throw new Error(`segment ${segment} has other bytes than were put`)
      }
      complete.push(segment)
    }
    return complete
  },

  lostPieces: async (): Promise<number> => (await current().verify()).lostCount
}

let store: PieceStore | undefined

function current(): PieceStore {
  if (store === undefined) throw new Error('open first')
  return store
}

declare global {
  /** Given by the test: an acknowledgement that has left the page cannot be taken back. */
  var acknowledged: (number: number, segment: number) => Promise<void>
}

export type Visit = typeof visit
Object.assign(globalThis, { visit })
