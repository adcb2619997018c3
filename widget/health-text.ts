import type { ContentHolders, DistributionState, HolderReport } from '../sdk/obj/index.ts'
import type { AmountFormat } from './amount-format.ts'
import { fill, type StorageStrings } from './storage-strings.ts'

/** How far the copying of a content has come, in words. */
export function distributionText(state: DistributionState, strings: StorageStrings, format: AmountFormat): string {
  switch (state.status) {
    case 'waiting':
      return strings.spreadWaiting
    case 'sending':
      return fill(strings.spreading, {
        peers: format.count(state.peers),
        stored: format.count(state.piecesStored),
        wanted: format.count(state.piecesWanted)
      })
    case 'done':
      return fill(strings.spreadDone, { peers: format.count(state.peers) })
    case 'local':
      return strings.spreadLocal
    case 'stopped':
      return strings.spreadStopped
  }
}

/** What audits found, in words: first how safe the content is, then who is to blame if it is not. */
export function holdersText(
  { holders, health }: ContentHolders,
  strings: StorageStrings,
  format: AmountFormat
): string {
  const durable = holders.filter(({ durable }) => durable)
  const count = (audit: HolderReport['audit']): number => durable.filter(holder => holder.audit === audit).length
  const figures = {
    peers: format.count(count('proven')),
    pieces: format.count(health?.pieces ?? 0),
    target: format.count(health?.target ?? 0),
    tolerance: format.count(health?.tolerance ?? 0)
  }
  const sentences = [
    !health || health.holders === 0 ? strings.heldByNobody : fill(strings.health[health.state], figures)
  ]
  if (count('failed') > 0) sentences.push(fill(strings.holdersFailed, { peers: format.count(count('failed')) }))
  if (count('unreachable') > 0)
    sentences.push(fill(strings.holdersAbsent, { peers: format.count(count('unreachable')) }))
  return sentences.join(' ')
}
