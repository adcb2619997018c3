import { z } from 'zod'
import { addressParam, amountParam, configOnly, contextConfig } from './params.ts'
import { method, type RpcMethods } from './rpc-method.ts'

/** Money for nothing, and what a dapp must know of this chain. Names that no cluster has start with `craftec_`. */
export const faucetMethods: RpcMethods = {
  requestAirdrop: method(z.tuple([addressParam, amountParam, contextConfig.nullish()]), ([to, lamports], { faucet }) =>
    faucet.airdrop(to, lamports)
  ),

  /** `[owner, amount in base units]`: mints test tokens to the owner's associated account, made when it does not exist. */
  craftec_requestTokens: method(
    z.tuple([addressParam, amountParam, contextConfig.nullish()]),
    ([owner, amount], { faucet }) => faucet.requestTokens(owner, amount)
  ),

  craftec_info: method(configOnly, (_, { genesisHash, faucet, timeline, programs, ledger }) => ({
    what: 'a local chain for development: no consensus, no forks, no value',
    genesisHash,
    slot: ledger.latestBlock.slot,
    slotMs: timeline.slotMs,
    aheadSeconds: timeline.aheadSeconds,
    faucet: faucet.address,
    mint: faucet.mint,
    programs
  }))
}
