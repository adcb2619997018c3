import { CraftecError } from '../../errors/index.ts'
import { type Address, addressBytes } from '../address/index.ts'

const SIGNATURE_BYTES = 64
/** Solana's compact-u16 never needs a second byte here: 127 signatures do not fit into a packet. */
const MAX_SIGNATURES = 12

/**
 * Take a transaction back from a wallet. It must be the one that was given, to the byte: a wallet that adds or changes
 * instructions would make the summary that the user read, and the payment that was written down, untrue.
 * @param asked the transaction before signing: signature slots, then the message
 * @returns signature of the fee payer, which is the first
 * @throws CraftecError `wallet-invalid`
 */
export async function checkSigned(asked: Uint8Array, signed: Uint8Array, feePayer: Address): Promise<Uint8Array> {
  const [count = 0] = asked
  const message = asked.subarray(1 + count * SIGNATURE_BYTES)
  if (count < 1 || count > MAX_SIGNATURES || signed[0] !== count || signed.length !== asked.length)
    throw invalid('has another shape than the one it was asked to sign')
  if (message.some((byte, at) => byte !== signed[1 + count * SIGNATURE_BYTES + at]))
    throw invalid('is not the one it was asked to sign')
  const signature = signed.slice(1, 1 + SIGNATURE_BYTES)
  // engines weigh more than all of this folder may; by now the user has decided to pay
  const { cryptoEngine } = await import('../../crypto/index.ts')
  if (!cryptoEngine().ed25519Verify(addressBytes(feePayer), message, signature))
    throw invalid('carries no valid signature of the account')
  return signature
}

function invalid(what: string): CraftecError {
  return new CraftecError('wallet-invalid', `the transaction that the wallet gave back ${what}; nothing was sent`)
}
