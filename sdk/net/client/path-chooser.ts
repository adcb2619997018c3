import type { Descriptor } from '../directory/index.ts'
import type { PathRules, StreamTarget } from '../fetch/index.ts'
import type { CircuitPath } from '../node/index.ts'

export interface PathWish extends PathRules {
  /** Absent for a spare circuit: an exit that takes the web's ports will do. */
  readonly target: StreamTarget | undefined
  /** Identities in hex that are to be left out. */
  readonly exclude: readonly string[]
}

/** Path selection with its memory (guards). */
export interface PathChooser {
  /** @throws CraftecError `no-path` | `directory-empty` */
  choose(wish: PathWish): CircuitPath
  /** How the link to a first hop went. What happens further on says nothing about it. */
  reportLink(first: Descriptor, worked: boolean): void
}
