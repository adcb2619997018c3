import { ed25519 } from '@noble/curves/ed25519.js'
import { type Address, addressFromBytes, type ConnectedWallet } from '../../sdk/settlement/index.ts'

export interface KeyWallet extends ConnectedWallet {
  /** Transactions it was asked to sign. */
  readonly asked: Uint8Array[]
}

/** A wallet that agrees to everything, unless `answer` does something else with what it would give back. */
export function keyWallet(
  seed: Uint8Array,
  answer: (signed: Uint8Array) => Uint8Array | Promise<Uint8Array> = signed => signed
): KeyWallet {
  const asked: Uint8Array[] = []
  const address: Address = addressFromBytes(ed25519.getPublicKey(seed))
  return {
    name: 'Key wallet',
    address,
    cluster: 'localnet',
    asked,
    sign: async wire => {
      asked.push(wire)
      return answer(signTransaction(wire, seed))
    },
    onChange: () => () => {},
    disconnect: async () => {}
  }
}

/** Put the first signature, the fee payer's, into a transaction. */
export function signTransaction(wire: Uint8Array, seed: Uint8Array): Uint8Array {
  const signed = wire.slice()
  signed.set(ed25519.sign(signed.subarray(1 + 64 * (signed[0] ?? 0)), seed), 1)
  return signed
}
