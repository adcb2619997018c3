import type { Descriptor } from '../directory/index.ts'
import type { GuardState } from './guard-state.ts'

export interface PathRequest {
  /** Relays before the exit. */
  readonly hops: 0 | 1 | 2 | 3 | 4
  /** Absent for a circuit built ahead: an exit that takes the web's ports will do. */
  readonly target?: { readonly host: string; readonly port: number } | undefined
  readonly exit?: ExitWish | undefined
  /** Identities in hex that are to be left out, whatever their place. */
  readonly exclude?: readonly string[] | undefined
}

export interface ExitWish {
  /** ISO 3166 in upper case, as the exit states it. */
  readonly country?: string
  /** The exit's PeerId or DID: this one or none. */
  readonly identity?: string
}

export interface PathOptions {
  /** Whether this client could open a link to the node itself, as it must to the first hop. Default: any with an address. */
  readonly dialable?: (node: Descriptor) => boolean
  /**
   * Let hops share a /16 or /32. For networks that live in one, such as a devnet on 127.0.0.1; elsewhere the rule is what
   * keeps one operator's machines from being a whole path.
   */
  readonly allowSharedSubnets?: boolean
}

export interface Path {
  /** First hop to exit, `hops + 1` long. */
  readonly hops: readonly Descriptor[]
  /** The guards after this choice: keep them, and pass them to the next. */
  readonly guards: GuardState
}
