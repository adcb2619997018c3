import { isPrivate } from '@libp2p/utils'
import type { Multiaddr } from '@multiformats/multiaddr'

/**
 * Whether dialling `address` would reach into this machine or its local network. A peer chooses the addresses it
 * announces; without this rule it could make others knock on doors behind their routers.
 */
export function isPrivateAddress(address: Multiaddr): boolean {
  return (
    isPrivate(address) || /^\/dns[46]?\/([^/]*\.)?(localhost|local|internal|home\.arpa)\.?(\/|$)/i.test(`${address}`)
  )
}

/** Whether the code runs in a page or worker that was itself loaded from this machine, as during development. */
export function loadedFromLoopback(location: { readonly hostname: string } | undefined = globalThis.location): boolean {
  return location !== undefined && /^(localhost|.*\.localhost|127\.\d+\.\d+\.\d+|\[::1\])$/i.test(location.hostname)
}
