import { isLocalChain, type LocalChain } from './wallet/local-chain.ts'

/** What the local network's page server tells the page: how to get in, and what there is to see. */
export interface LocalNetwork {
  /** Addresses of entry nodes, each ending in /p2p/<peer id>. */
  readonly bootstrap: readonly string[]
  /** Addresses worth trying, offered as buttons. */
  readonly suggestions: readonly { readonly label: string; readonly url: string }[]
  /** PEM: who vouches for the local network's own sites. Absent: the authorities that browsers trust. */
  readonly tlsRoots?: readonly string[]
  /** Where subscriptions and sessions are paid. Absent: nothing can be paid. */
  readonly chain?: LocalChain
}

/** `?bootstrap=` in the address wins over what the server says. */
export async function findNetwork(): Promise<LocalNetwork> {
  const asked = new URLSearchParams(location.search).getAll('bootstrap')
  if (asked.length > 0) return { bootstrap: asked, suggestions: [] }
  const answer = await fetch('./network.json', { cache: 'no-store' })
  if (!answer.ok) throw new Error('no network.json beside this page; give an entry node as ?bootstrap=/ip4/…/ws/p2p/…')
  const network: unknown = await answer.json()
  if (!isLocalNetwork(network)) throw new Error('network.json has an unknown shape')
  return network
}

function isLocalNetwork(value: unknown): value is LocalNetwork {
  const candidate = value as Partial<LocalNetwork> | null
  return (
    typeof candidate === 'object' &&
    Array.isArray(candidate?.bootstrap) &&
    Array.isArray(candidate.suggestions) &&
    (candidate.tlsRoots === undefined || Array.isArray(candidate.tlsRoots)) &&
    (candidate.chain === undefined || isLocalChain(candidate.chain))
  )
}
