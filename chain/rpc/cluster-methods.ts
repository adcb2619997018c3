import { z } from 'zod'
import { BLOCKHASH_LIFETIME_SLOTS, decodeMessage, transactionFee } from '../ledger/index.ts'
import { strictBase64 } from './account-filters.ts'
import { addressParam, blockhashParam, configOnly, contextConfig, requireContextSlot, slotParam } from './params.ts'
import { RpcError } from './rpc-error.ts'
import { API_VERSION, inContext, method, type RpcContext, type RpcMethods } from './rpc-method.ts'

const SLOTS_PER_EPOCH = 432_000n
/** Base64 of the longest transaction. */
const MAX_MESSAGE_CHARACTERS = 1644
/** Agave's `MAX_TX_ACCOUNT_LOCKS`: addresses that fees may be asked for. */
const MAX_FEE_ADDRESSES = 128

const slot = method(configOnly, ([config], { ledger }) => {
  requireContextSlot(ledger, config)
  return ledger.latestBlock.slot
})

export const clusterMethods: RpcMethods = {
  getHealth: method(configOnly, () => 'ok'),
  getVersion: method(configOnly, () => ({ 'solana-core': API_VERSION, 'feature-set': 0 })),
  getGenesisHash: method(configOnly, (_, { genesisHash }) => genesisHash),
  getSlot: slot,
  /** The same figure here: no slot is without a block but those that time travel skips. */
  getBlockHeight: slot,
  getFirstAvailableBlock: method(configOnly, () => 0),
  minimumLedgerSlot: method(configOnly, () => 0),
  getTransactionCount: method(configOnly, (_, { ledger }) => ledger.transactionCount),

  getEpochInfo: method(configOnly, (_, { ledger }) => {
    const { slot: absoluteSlot } = ledger.latestBlock
    return {
      absoluteSlot,
      blockHeight: absoluteSlot,
      epoch: absoluteSlot / SLOTS_PER_EPOCH,
      slotIndex: absoluteSlot % SLOTS_PER_EPOCH,
      slotsInEpoch: SLOTS_PER_EPOCH,
      transactionCount: ledger.transactionCount
    }
  }),

  getEpochSchedule: method(configOnly, () => ({
    slotsPerEpoch: SLOTS_PER_EPOCH,
    leaderScheduleSlotOffset: SLOTS_PER_EPOCH,
    warmup: false,
    firstNormalEpoch: 0,
    firstNormalSlot: 0
  })),

  getBlockTime: method(z.tuple([slotParam]), ([wanted], { ledger }) => {
    const time = ledger.blockTime(wanted)
    if (time === undefined) throw new RpcError('blockNotAvailable', `Block not available for slot ${wanted}`)
    return time
  }),

  getLatestBlockhash: method(configOnly, ([config], { ledger }) => {
    requireContextSlot(ledger, config)
    return inContext(ledger, latestBlockhash(ledger))
  }),

  isBlockhashValid: method(z.tuple([blockhashParam, contextConfig.nullish()]), ([blockhash, config], { ledger }) => {
    requireContextSlot(ledger, config)
    return inContext(ledger, ledger.isBlockhashValid(blockhash))
  }),

  getFeeForMessage: method(
    z.tuple([z.string().max(MAX_MESSAGE_CHARACTERS), contextConfig.nullish()]),
    ([text, config], { ledger }) => {
      requireContextSlot(ledger, config)
      const bytes = strictBase64(text, MAX_MESSAGE_CHARACTERS)
      if (bytes === undefined) throw new RpcError('invalidParams', 'Invalid params: the message is not base64')
      const message = decodeMessage(bytes)
      return inContext(ledger, ledger.isBlockhashValid(message.blockhash) ? transactionFee(message) : null)
    }
  ),

  /** Nobody competes for a place in a block here, so none has a price. */
  getRecentPrioritizationFees: method(
    z.tuple([z.array(addressParam).max(MAX_FEE_ADDRESSES).nullish()]),
    (_, { ledger }) => {
      const { slot: last } = ledger.latestBlock
      const count = Number(BLOCKHASH_LIFETIME_SLOTS)
      return Array.from({ length: count }, (_, index) => ({
        slot: last - BigInt(count - 1 - index),
        prioritizationFee: 0
      }))
    }
  )
}

export function latestBlockhash(ledger: RpcContext['ledger']): object {
  const { blockhash, slot: since } = ledger.latestBlock
  return { blockhash, lastValidBlockHeight: since + BLOCKHASH_LIFETIME_SLOTS }
}
