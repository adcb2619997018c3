import { type Instruction, type KeyedSignature, signatureCheck } from '../instructions/index.ts'
import { type DistributionMessage, encodeDistributionMessage } from './distribution-message.ts'

/** Has the chain check what aggregators signed: goes directly before `postDistribution`. @throws CraftecError `invalid-argument` */
export function quorumCheck(message: DistributionMessage, signatures: readonly KeyedSignature[]): Instruction {
  return signatureCheck(encodeDistributionMessage(message), signatures)
}
