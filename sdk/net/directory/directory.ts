import { encodeHex } from '../../codec/index.ts'
import { type CryptoEngine, cryptoEngine } from '../../crypto/index.ts'
import { CraftecError } from '../../errors/index.ts'
import { compareBytes } from './compare-bytes.ts'
import type { Descriptor } from './descriptor.ts'
import { parseDescriptor, verifyDescriptor } from './descriptor-codec.ts'
import { MAX_CLOCK_SKEW_S, MAX_DESCRIPTOR_BYTES, MAX_LIFETIME_S } from './descriptor-limits.ts'

/** 16 MiB at most, were every descriptor as long as it may be; 2.5 MiB as they are. */
export const DEFAULT_MAX_NODES = 4096

export interface DirectoryOptions {
  /** Nodes kept. When full, newcomers are refused rather than others evicted: identities cost nothing to make. */
  readonly maxNodes?: number
  /** Default: the best of this runtime. */
  readonly engine?: CryptoEngine
}

/** What path selection works on. */
export interface DirectoryView {
  /** Milliseconds since the Unix epoch; every descriptor here is valid then. */
  readonly nowMs: number
  /** In no particular order. */
  readonly nodes: readonly Descriptor[]
}

export interface DirectoryPage {
  readonly descriptors: readonly Uint8Array[]
  /** Where the next page starts. */
  readonly next: bigint
  readonly more: boolean
}

/** Numbers only. */
export interface DirectoryCounters {
  readonly taken: number
  readonly known: number
  /** Unreadable, out of bounds, or not signed by the identity named. */
  readonly invalid: number
  /** Expired, or from the future. */
  readonly notFresh: number
  /** Signed statements that contradict one with the same sequence: the node lies, or its key is in two places. */
  readonly contradicting: number
  readonly full: number
}

interface Entry {
  readonly descriptor: Descriptor
  readonly bytes: Uint8Array
  readonly position: bigint
}

/**
 * The verified descriptors a node knows. Nothing unsigned gets in, nothing old comes back: an expired entry is kept, unseen,
 * for as long as a lower sequence of the same node could still be fresh. Time comes in as milliseconds since the Unix epoch.
 */
export class Directory {
  private readonly maxNodes: number
  private readonly engine: CryptoEngine
  /** By identity in hex, in order of arrival. */
  private readonly entries = new Map<string, Entry>()
  private readonly listeners = new Set<(descriptor: Descriptor) => void>()
  private readonly counts = { taken: 0, known: 0, invalid: 0, notFresh: 0, contradicting: 0, full: 0 }
  private lastPosition = 0n

  constructor(options: DirectoryOptions = {}) {
    this.maxNodes = options.maxNodes ?? DEFAULT_MAX_NODES
    this.engine = options.engine ?? cryptoEngine()
  }

  /** Entries kept, the unseen ones included. */
  get size(): number {
    return this.entries.size
  }

  counters(): DirectoryCounters {
    return { ...this.counts }
  }

  /**
   * @param bytes from anyone; copied
   * @returns `known` when this or a higher sequence of the node is here already
   * @throws CraftecError `descriptor-invalid` (also: not fresh, or contradicting one with the same sequence) | `limit-exceeded`
   */
  add(bytes: Uint8Array, nowMs: number): 'taken' | 'known' {
    const descriptor = this.counted('invalid', () => parseDescriptor(bytes))
    const key = encodeHex(descriptor.identity)
    const held = this.entries.get(key)
    if (
      held !== undefined &&
      (descriptor.sequence < held.descriptor.sequence || compareBytes(bytes, held.bytes) === 0)
    ) {
      this.counts.known++
      return 'known'
    }
    this.counted('notFresh', () => checkFresh(descriptor, nowMs))
    this.counted('invalid', () => verifyDescriptor(descriptor, bytes, this.engine))
    if (held !== undefined && descriptor.sequence === held.descriptor.sequence) {
      this.counts.contradicting++
      throw new CraftecError('descriptor-invalid', 'descriptor: another one with this sequence was signed before')
    }
    if (held === undefined) this.makeRoom(nowMs)
    // Deleted first: a Map keeps a replaced key where it was, and pages are read in order of arrival.
    this.entries.delete(key)
    this.entries.set(key, { descriptor, bytes: bytes.slice(), position: this.nextPosition(nowMs) })
    this.counts.taken++
    for (const listener of [...this.listeners]) listener(descriptor)
    return 'taken'
  }

  /** As {@link add}, for bytes of a peer: a refusal is an answer, not an exception. */
  offer(bytes: Uint8Array, nowMs: number): 'taken' | 'known' | 'refused' | 'full' {
    try {
      return this.add(bytes, nowMs)
    } catch (error) {
      if (error instanceof CraftecError && error.code === 'descriptor-invalid') return 'refused'
      if (error instanceof CraftecError && error.code === 'limit-exceeded') return 'full'
      throw error
    }
  }

  /** The node's descriptor, if there is one that is valid now. */
  get(identity: Uint8Array, nowMs: number): Descriptor | undefined {
    const descriptor = this.entries.get(encodeHex(identity))?.descriptor
    return descriptor !== undefined && isFresh(descriptor, nowMs) ? descriptor : undefined
  }

  view(nowMs: number): DirectoryView {
    const nodes = [...this.entries.values()].map(entry => entry.descriptor).filter(node => isFresh(node, nowMs))
    return { nowMs, nodes }
  }

  /**
   * Descriptors that arrived after position `since`, in order of arrival. Positions grow with the clock, so they go on
   * growing when the node restarts; a `since` from the future (a clock set back) starts over.
   * @param maxBytes for the descriptors, two bytes of length each included; at least one descriptor fits in 4,098
   */
  page(since: bigint, limit: number, maxBytes: number, nowMs: number): DirectoryPage {
    const from = since > this.lastPosition ? 0n : since
    const descriptors: Uint8Array[] = []
    let next = from
    let room = Math.max(maxBytes, MAX_DESCRIPTOR_BYTES + 2)
    for (const { descriptor, bytes, position } of this.entries.values()) {
      if (position <= from || !isFresh(descriptor, nowMs)) continue
      room -= bytes.length + 2
      if (descriptors.length === limit || room < 0) return { descriptors, next, more: true }
      descriptors.push(bytes)
      next = position
    }
    return { descriptors, next, more: false }
  }

  /** @param listener called with each descriptor taken. @returns a function that ends it */
  onTaken(listener: (descriptor: Descriptor) => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  /** All fresh descriptors as signed, for a cache on disk; feed them to {@link add} again. */
  signedBytes(nowMs: number): Uint8Array[] {
    return [...this.entries.values()]
      .filter(entry => isFresh(entry.descriptor, nowMs))
      .map(entry => entry.bytes.slice())
  }

  private nextPosition(nowMs: number): bigint {
    const byClock = BigInt(Math.floor(nowMs)) * 1000n
    this.lastPosition = byClock > this.lastPosition ? byClock : this.lastPosition + 1n
    return this.lastPosition
  }

  private makeRoom(nowMs: number): void {
    if (this.entries.size < this.maxNodes) return
    const keepFrom = nowMs / 1000 - MAX_LIFETIME_S
    for (const [key, { descriptor }] of this.entries) if (descriptor.issuedAt < keepFrom) this.entries.delete(key)
    if (this.entries.size < this.maxNodes) return
    for (const [key, { descriptor }] of this.entries) if (!isFresh(descriptor, nowMs)) this.entries.delete(key)
    if (this.entries.size < this.maxNodes) return
    this.counts.full++
    throw new CraftecError('limit-exceeded', `the directory is full: ${this.maxNodes} nodes`, {
      details: { maxNodes: this.maxNodes }
    })
  }

  private counted<T>(counter: 'invalid' | 'notFresh', task: () => T): T {
    try {
      return task()
    } catch (error) {
      this.counts[counter]++
      throw error
    }
  }
}

function isFresh(descriptor: Descriptor, nowMs: number): boolean {
  const now = nowMs / 1000
  return descriptor.issuedAt <= now + MAX_CLOCK_SKEW_S && descriptor.expiresAt > now
}

function checkFresh(descriptor: Descriptor, nowMs: number): void {
  if (!isFresh(descriptor, nowMs))
    throw new CraftecError('descriptor-invalid', 'descriptor: expired, or issued in the future; check both clocks')
}
