import type { Clock, RandomBytes } from '../../async/index.ts'
import { encodeHex } from '../../codec/index.ts'
import type { Descriptor, Directory } from '../directory/index.ts'
import type { CircuitPath } from '../node/index.ts'
import {
  choosePath,
  type GuardState,
  NO_GUARDS,
  type PathOptions,
  parseGuardState,
  reportGuard
} from '../path/index.ts'
import type { ClientStore } from './client-store.ts'
import type { PathChooser, PathWish } from './path-chooser.ts'

export interface GuardedPathChooserOptions extends PathOptions {
  readonly directory: Directory
  readonly store: ClientStore
  readonly clock: Clock
  readonly random: RandomBytes
  /** The node itself: if it relays it is in the directory, and no hop of its own circuits. */
  readonly self: Uint8Array
}

const STORE_KEY = 'guards'

/** Path selection, with the guards kept in the store: a client that forgot them would sooner or later draw a bad one. */
export class GuardedPathChooser implements PathChooser {
  readonly #options: GuardedPathChooserOptions
  readonly #self: string
  #guards: GuardState = NO_GUARDS
  #saving: Promise<void> = Promise.resolve()

  constructor(options: GuardedPathChooserOptions) {
    this.#options = options
    this.#self = encodeHex(options.self)
  }

  /** Read the guards of last time. A store that fails costs new guards, nothing else. */
  async load(): Promise<void> {
    this.#guards = parseGuardState(await this.#options.store.get(STORE_KEY).catch(() => undefined))
  }

  choose(wish: PathWish): CircuitPath {
    const { directory, clock, random, dialable, allowSharedSubnets } = this.#options
    const options = {
      ...(dialable === undefined ? {} : { dialable }),
      ...(allowSharedSubnets === undefined ? {} : { allowSharedSubnets })
    }
    const request = { ...wish, exclude: [...wish.exclude, this.#self] }
    const { hops, guards } = choosePath(directory.view(clock.now()), this.#guards, request, random, options)
    this.#keep(guards)
    return { hops }
  }

  reportLink(first: Descriptor, worked: boolean): void {
    this.#keep(reportGuard(this.#guards, first.identity, worked, this.#options.clock.now()))
  }

  #keep(guards: GuardState): void {
    const changed = JSON.stringify(guards) !== JSON.stringify(this.#guards)
    this.#guards = guards
    if (!changed) return
    // One after another, or an older state could be written last.
    this.#saving = this.#saving.then(() => this.#options.store.set(STORE_KEY, guards)).catch(() => {})
  }
}
