/** What it costs a network of real nodes and links to make good for a holder that died. */
import { type Clock, systemClock } from '../../../sdk/async/index.ts'
import {
  type CodingEngine,
  EPOCH_MS,
  epochOf,
  loadCodingEngine,
  MAX_TRANSFER_FRAME_BYTES,
  ObjClient,
  parseLink,
  TRANSFER_PROTOCOL
} from '../../../sdk/obj/index.ts'
import { filteredNode } from '../../kit/filtered-node.ts'
import { type LoopbackHolder, loopbackStorage } from '../../kit/storage-nodes.ts'

export interface RepairCost {
  /** Bytes of pieces that any node received during the repair, in pieces, for each piece that was made anew. */
  readonly piecesMoved: number
  /** As above, of all that came over the storage protocol: audits of all that is held, questions and answers, too. */
  readonly piecesOfTraffic: number
  /** Pieces that anybody multiplied, for each piece that was made anew: eight go into one. To decode takes forty for each of forty. */
  readonly piecesMultiplied: number
}

const HOLDERS = 12
/** One segment: forty pieces make it, and twelve holders have eight each. */
const CONTENT_BYTES = 10 * 1024 * 1024
const PIECE_BYTES = 256 * 1024
const LOST_HOLDERS = 2
/** A chunk of a piece, docs/protocol/craftobj.md §7. */
const CHUNK = 7
/** Holders begin rounds of their own so late that none of those is counted, however busy the machine is. */
const OWN_ROUNDS_MS = 24 * 3_600_000

export async function measureRepair(): Promise<RepairCost> {
  let [pieceBytes, bytes, multiplied] = [0, 0, 0]
  const count = async function* (frames: AsyncIterableIterator<Uint8Array>): AsyncIterableIterator<Uint8Array> {
    for await (const frame of frames) {
      bytes += frame.length
      if (frame[0] === CHUNK) pieceBytes += frame.length - 1
      yield frame
    }
  }
  await using network = await loopbackStorage(TRANSFER_PROTOCOL, MAX_TRANSFER_FRAME_BYTES, node =>
    filteredNode(node, count)
  )
  let aheadMs = 0
  const clock: Clock = { ...systemClock, now: () => systemClock.now() + aheadMs }
  const coding = countingEngine(await loadCodingEngine(), bytes => {
    multiplied += bytes
  })
  const keeper = { intervalMs: OWN_ROUNDS_MS }
  const holders = await Promise.all(
    Array.from({ length: HOLDERS }, () => network.holder({ keeper }, { clock, coding }))
  )
  const publisher = new ObjClient(await network.client())
  const content = crypto.getRandomValues(new Uint8Array(65_536))
  const { link, distribution } = await publisher.put(repeat(content, CONTENT_BYTES))
  await distribution.done
  await publisher.stop()
  await network.announced(parseLink(link).contentId, HOLDERS)
  const dead = holders.slice(0, LOST_HOLDERS)
  await Promise.all(dead.map(holder => holder.kill()))
  network.retire(dead.map(holder => holder.context.node.peerId))
  const alive = holders.slice(LOST_HOLDERS)
  for (let epoch = epochOf(clock.now()); ; epoch++) {
    // At its end, so that the next in rank takes over if a dead holder was elected.
    aheadMs = (epoch + 1) * EPOCH_MS - 1_000 - systemClock.now()
    for (const holder of alive) {
      ;[pieceBytes, bytes, multiplied] = [0, 0, 0]
      const made = await repairedBy(holder)
      if (made === 0) continue
      return {
        piecesMoved: pieceBytes / PIECE_BYTES / made,
        piecesOfTraffic: bytes / PIECE_BYTES / made,
        piecesMultiplied: multiplied / PIECE_BYTES / made
      }
    }
  }
}

async function repairedBy({ service }: LoopbackHolder): Promise<number> {
  return (await service.keeper?.round())?.repaired ?? 0
}

/** An engine that says how many bytes of pieces it multiplies. */
function countingEngine(engine: CodingEngine, onMultiply: (bytes: number) => void): CodingEngine {
  return {
    name: engine.name,
    workspace: shape => {
      const workspace = engine.workspace(shape)
      const { combine } = workspace
      workspace.combine = request => {
        onMultiply(request.outputs.length * request.inputs.length * (request.to - request.from))
        combine.call(workspace, request)
      }
      return workspace
    }
  }
}

function repeat(bytes: Uint8Array, length: number): Uint8Array {
  const repeated = new Uint8Array(length)
  for (let at = 0; at < length; at += bytes.length) repeated.set(bytes.subarray(0, length - at), at)
  return repeated
}
