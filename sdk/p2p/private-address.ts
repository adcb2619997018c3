import { isPrivate } from '@libp2p/utils'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import { systemClock, withDeadline } from '../async/index.ts'

const LOOKUP_TIMEOUT_MS = 2_000

/** The addresses of a name, as the system that dials it will see them. */
export type LookUpName = (name: string) => Promise<readonly { readonly address: string; readonly family: number }[]>

/**
 * Whether dialling `address` would reach into this machine or its local network. A peer chooses the addresses it
 * announces; without this rule it could make others knock on doors behind their routers.
 */
export function isPrivateAddress(address: Multiaddr): boolean {
  return (
    isPrivate(address) || /^\/dns[46]?\/([^/]*\.)?(localhost|local|internal|home\.arpa)\.?(\/|$)/i.test(`${address}`)
  )
}

/**
 * Whether `address` names a host whose name leads into this machine or its local network; a name that cannot be looked up
 * counts as one. A name can change its mind between this look and the dial, which then meets at most a port that does not
 * speak libp2p. Browsers give pages no look-up, and have rules of their own for public pages that reach into networks.
 */
export async function isPrivateName(
  address: Multiaddr,
  lookUp: LookUpName | undefined = systemLookUp()
): Promise<boolean> {
  const [first] = address.getComponents()
  if (lookUp === undefined || first?.value === undefined || !/^dns[46]?$/.test(first.name)) return false
  const { value } = first
  const what = 'look-up of a name to dial'
  try {
    const found = await withDeadline({ timeoutMs: LOOKUP_TIMEOUT_MS, what, clock: systemClock }, () => lookUp(value))
    return found.some(({ address, family }) => isPrivate(multiaddr(`/ip${family}/${address}`)))
  } catch {
    return true
  }
}

function systemLookUp(): LookUpName | undefined {
  const { process } = globalThis as { process?: { getBuiltinModule?: (name: string) => unknown } }
  if (typeof process?.getBuiltinModule !== 'function') return undefined
  const { lookup } = process.getBuiltinModule('node:dns/promises') as {
    lookup(name: string, options: { all: true }): ReturnType<LookUpName>
  }
  return name => lookup(name, { all: true })
}

/** Whether the code runs in a page or worker that was itself loaded from this machine, as during development. */
export function loadedFromLoopback(location: { readonly hostname: string } | undefined = globalThis.location): boolean {
  return location !== undefined && /^(localhost|.*\.localhost|127\.\d+\.\d+\.\d+|\[::1\])$/i.test(location.hostname)
}
