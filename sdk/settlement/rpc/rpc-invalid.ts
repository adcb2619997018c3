import { CraftecError } from '../../errors/index.ts'

/** For answers that cannot be true. */
export function rpcInvalid(what: string, cause?: unknown): CraftecError {
  return new CraftecError('rpc-invalid', `an RPC endpoint answered with ${what}; it is faulty or lying`, { cause })
}
