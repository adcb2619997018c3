import { CraftecError } from '../../errors/index.ts'

/** @param closeCode what the server is told (RFC 6455 §7.4.1): 1002 protocol error, 1007 not the data it claims to be */
export function violation(what: string, closeCode: 1002 | 1007 = 1002): CraftecError {
  return new CraftecError('protocol-violation', `the server broke the WebSocket protocol: ${what}`, {
    details: { closeCode }
  })
}
