import type { Libp2pOptions } from 'libp2p'
import { CraftecError } from '../errors/index.ts'
import type { PeerId } from '../identity/index.ts'

/** Largest message, in bytes. Gossip multiplies what it is given; larger things belong on a channel. */
export const MAX_GOSSIP_BYTES = 65_536
/** Topics a node takes part in, and that it keeps track of for each peer. */
const MAX_TOPICS = 64
const MAX_TOPIC_CHARS = 128

export interface GossipMessage {
  /** Who made the message: gossip verifies their signature. */
  readonly from: PeerId
  readonly data: Uint8Array
}

/** Messages for everyone who listens to a topic, flooded from peer to peer (gossipsub 1.2). Delivery is likely, not certain. */
export interface Gossip {
  /**
   * @returns a function that ends it
   * @throws CraftecError `invalid-argument` for a bad topic, `limit-exceeded` over 64 topics
   */
  subscribe(topic: string, onMessage: (message: GossipMessage) => void): () => void
  /**
   * @returns how many peers it was sent to at once; 0 when nobody listens yet
   * @throws CraftecError `invalid-argument` for a bad topic or more than 65,536 bytes, `link-failed`
   */
  publish(topic: string, data: Uint8Array): Promise<number>
}

type ServiceFactory = NonNullable<Libp2pOptions['services']>[string]

/** What of gossipsub is used. */
interface GossipService extends EventTarget {
  subscribe(topic: string): void
  unsubscribe(topic: string): void
  publish(topic: string, data: Uint8Array): Promise<{ readonly recipients: readonly unknown[] }>
}

/** The service for a libp2p node. Loaded when asked for: it is 28 KB that most pages never need. */
export async function loadGossip(): Promise<ServiceFactory> {
  const { gossipsub } = await import('@libp2p/gossipsub')
  return gossipsub({
    // signed and checked, or anybody could speak for anybody
    globalSignaturePolicy: 'StrictSign',
    maxInboundDataLength: 2 * MAX_GOSSIP_BYTES,
    allowPublishToZeroTopicPeers: true,
    runOnLimitedConnection: true
  }) as ServiceFactory
}

/** {@link Gossip} over the running service. */
export function gossipOver(service: unknown): Gossip {
  const gossip = service as GossipService
  const listeners = new Map<string, Set<(message: GossipMessage) => void>>()
  gossip.addEventListener('message', event => {
    const { detail } = event as CustomEvent<{ topic: string; data: Uint8Array; from?: { toString(): string } }>
    if (detail.from === undefined || detail.data.length > MAX_GOSSIP_BYTES) return
    const message = { from: detail.from.toString() as PeerId, data: detail.data }
    for (const listener of listeners.get(detail.topic) ?? []) listener(message)
  })
  return {
    subscribe: (topic, onMessage) => {
      checkTopic(topic)
      const known = listeners.get(topic)
      if (!known && listeners.size >= MAX_TOPICS)
        throw new CraftecError('limit-exceeded', `at most ${MAX_TOPICS} topics; end one first`)
      const own = known ?? new Set()
      listeners.set(topic, own)
      own.add(onMessage)
      if (!known) gossip.subscribe(topic)
      return () => {
        if (!own.delete(onMessage) || own.size > 0 || listeners.get(topic) !== own) return
        listeners.delete(topic)
        gossip.unsubscribe(topic)
      }
    },
    publish: async (topic, data) => {
      checkTopic(topic)
      if (data.length > MAX_GOSSIP_BYTES)
        throw new CraftecError(
          'invalid-argument',
          `a message has at most ${MAX_GOSSIP_BYTES} bytes, got ${data.length}`
        )
      try {
        return (await gossip.publish(topic, data)).recipients.length
      } catch (cause) {
        throw new CraftecError('link-failed', 'the message could not be sent to any peer', { cause })
      }
    }
  }
}

function checkTopic(topic: string): void {
  if (topic.length === 0 || topic.length > MAX_TOPIC_CHARS)
    throw new CraftecError('invalid-argument', `a topic has 1..${MAX_TOPIC_CHARS} characters, got ${topic.length}`)
}
