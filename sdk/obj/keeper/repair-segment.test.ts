import { describe, expect, it, onTestFinished } from 'vitest'
import { coding, publishContent } from '../../../test/kit/published-content.ts'
import { type StorageNetwork, type StorageNode, storageNetwork } from '../../../test/kit/storage-network.ts'
import { startStorageService } from '../client/index.ts'
import type { CodingEngine } from '../coding/index.ts'
import type { RepairTask } from '../health/index.ts'
import { pieceId } from '../piece/index.ts'
import { HolderSession, IndexSet } from '../transfer/index.ts'
import type { AskedHolder } from './audit-segment.ts'
import { repairSegment } from './repair-segment.ts'

const never = new AbortController().signal
const content = await publishContent({ size: 16_384 })
const { manifest } = content
const [published] = content.segments
const K = 8

/** What an engine was asked for. */
interface Work {
  /** Pieces that went into each combination. */
  readonly inputs: number[]
  /** Pieces that came out of each. */
  readonly outputs: number[]
  /** Rows of an inverse: only a decoder asks for them. */
  solutions: number
}

function countingEngine(): CodingEngine & { readonly work: Work } {
  const work: Work = { inputs: [], outputs: [], solutions: 0 }
  const workspace: CodingEngine['workspace'] = shape => {
    const real = coding.workspace(shape)
    return {
      slot: index => real.slot(index),
      addRow: coefficients => real.addRow(coefficients),
      get rank() {
        return real.rank
      },
      combine: request => {
        work.inputs.push(request.inputs.length)
        work.outputs.push(request.outputs.length)
        real.combine(request)
      },
      solution: index => {
        work.solutions++
        return real.solution(index)
      },
      release: () => real.release()
    }
  }
  return { name: coding.name, workspace, work }
}

async function keep({ context: { store } }: StorageNode, places: readonly number[]): Promise<void> {
  const { id: manifestId, contentId, bytes, pieceBytes, size } = manifest
  await store.addContent({ manifestId, contentId, manifest: bytes, pieceBytes, segments: 1, size, origin: 'own' })
  const hash = manifest.segments[0]?.hash ?? new Uint8Array(0)
  const pieces = places.flatMap(place => published?.pieces[place] ?? [])
  if (pieces.length === 0) return
  await store.putPieces(
    manifestId,
    0,
    pieces.map(({ data, ...head }) => ({ record: { id: pieceId(hash, head.coefficients, head.root), ...head }, data }))
  )
}

/** A scanner, and holders of the given committed pieces, whose sessions count what crosses the network. */
async function scene(own: readonly number[], held: Readonly<Record<string, readonly number[]>>) {
  const network: StorageNetwork = storageNetwork()
  const engine = countingEngine()
  const scanner = network.node()
  await keep(scanner, own)
  const moved = { asked: 0, came: 0, given: 0 }
  const nodes = new Map<string, StorageNode>()
  const holders = new Map<string, AskedHolder>()
  for (const [name, places] of Object.entries(held)) {
    const node = network.node()
    nodes.set(name, node)
    if (places.length > 0) await keep(node, places)
    const service = startStorageService({ ...node.context, coding: engine }, { intake: true, durable: false })
    const session = await HolderSession.open(scanner.context.node, node.peer)
    onTestFinished(async () => {
      await session.close()
      service.stop()
    })
    const want = session.want.bind(session)
    session.want = (wanted, pieceBytes, sink) => {
      moved.asked += wanted.committed.size + wanted.recoded + wanted.fresh
      return want(wanted, pieceBytes, {
        ...sink,
        onPiece: (head, data) => {
          moved.came++
          sink.onPiece(head, data)
        }
      })
    }
    const offer = session.offer.bind(session)
    session.offer = (offered, bytes, source, options) => {
      moved.given += offered.pieces
      return offer(offered, bytes, source, options)
    }
    const page = await session.holdings(manifest.id, 0)
    const [holdings = { committed: new IndexSet(), recoded: 0 }] = page?.segments ?? []
    holders.set(node.peer.peerId, { session, holdings })
  }
  const peer = (name: string): string => nodes.get(name)?.peer.peerId ?? scanner.peer.peerId
  const repair = ({ recoder, to, from, ...task }: RepairTask): Promise<number> => {
    const named = { ...task, recoder: peer(recoder), to: peer(to), ...(from ? { from: peer(from) } : {}) }
    return repairSegment({ ...scanner.context, coding: engine }, manifest, 0, [named], holders, never)
  }
  const piecesOf = async (name: string): Promise<number> => {
    const { store } = (nodes.get(name) ?? scanner).context
    return (await store.content(manifest.id))?.pieces ?? 0
  }
  return { repair, piecesOf, moved, work: engine.work }
}

describe('the repair of one lost piece', () => {
  const held = { rich: [0, 1, 2, 3], poor: [4], other: [5], fresh: [] }

  it.each<[string, RepairTask, readonly number[], number, number]>([
    ['a holder makes it', { recoder: 'rich', how: 'recode', to: 'fresh', moved: 2 }, [6], 1, 1],
    ['a holder makes it for the scanner', { recoder: 'rich', how: 'recode', to: 'scanner', moved: 1 }, [6], 1, 0],
    ['the scanner makes it', { recoder: 'scanner', how: 'recode', to: 'fresh', moved: 1 }, [6, 7], 0, 1],
    [
      'the scanner makes it from its own and another’s',
      { recoder: 'scanner', how: 'fetch-and-recode', from: 'poor', to: 'fresh', moved: 2 },
      [6],
      1,
      1
    ],
    [
      'the scanner has enough, and fetches so that the new piece is not of its span alone',
      { recoder: 'scanner', how: 'fetch-and-recode', from: 'poor', to: 'fresh', moved: 2 },
      [6, 7],
      1,
      1
    ],
    [
      'a scanner that has none has a holder make it',
      { recoder: 'poor', how: 'recode', to: 'fresh', moved: 2 },
      [],
      1,
      1
    ],
    [
      'what was to be made by a holder of one piece the scanner makes',
      { recoder: 'poor', how: 'recode', to: 'fresh', moved: 2 },
      [6],
      1,
      1
    ]
  ])('moves at most two pieces, and decodes nothing: %s', async (_, task, own, came, given) => {
    const { repair, piecesOf, moved, work } = await scene(own, held)
    const before = await piecesOf(task.to)
    expect(await repair(task)).toBe(1)
    expect(await piecesOf(task.to)).toBe(before + 1)
    expect(moved).toEqual({ asked: came, came, given })
    expect(came + given).toBe(task.moved)
    expect(work.solutions).toBe(0)
    expect(work.outputs).toEqual([1])
    for (const inputs of work.inputs) expect(inputs).toBeLessThan(K)
  })
})
