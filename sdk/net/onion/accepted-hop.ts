import type { RandomBytes } from '../../async/index.ts'
import { type CircuitKeys, deriveCircuitKeys, transcript } from './handshake-keys.ts'
import type { HopKey } from './hop-key.ts'
import type { OnionSettings } from './onion-options.ts'

/** What a hop knows once it has opened a create packet. */
export interface HopAgreement {
  readonly settings: OnionSettings
  readonly random: RandomBytes
  /** The hop's own. */
  readonly key: HopKey
  /** `E`. */
  readonly point: Uint8Array
  readonly firstSecret: Uint8Array
  readonly replyKey: Uint8Array
  readonly packetHash: Uint8Array
}

interface CompletedHop<C> {
  readonly cipher: C
  /** `Y`. */
  readonly point: Uint8Array
  readonly transcript: Uint8Array
  readonly auth: Uint8Array
}

/**
 * A hop's half of a circuit. The fresh key is drawn on first need, so a packet that is refused as a replay, or whose next
 * hop is out of reach, costs nothing more; use the wait for the next hop's answer to read {@link AcceptedHop.cipher}.
 */
export class AcceptedHop<C> {
  readonly role: 'forward' | 'exit'
  /** @internal */
  readonly agreement: HopAgreement
  private readonly createCipher: (keys: CircuitKeys) => C
  private done: CompletedHop<C> | undefined

  constructor(role: 'forward' | 'exit', agreement: HopAgreement, createCipher: (keys: CircuitKeys) => C) {
    this.role = role
    this.agreement = agreement
    this.createCipher = createCipher
  }

  /** This hop's layer of the circuit. */
  get cipher(): C {
    return this.complete().cipher
  }

  /** @internal */
  complete(): CompletedHop<C> {
    this.done ??= this.agree()
    return this.done
  }

  /** Overwrite what the handshake needed; the cipher stays usable. */
  forget(): void {
    this.agreement.firstSecret.fill(0)
    this.agreement.replyKey.fill(0)
    this.done?.auth.fill(0)
  }

  private agree(): CompletedHop<C> {
    const { settings, random, key, point: clientPoint, firstSecret, packetHash } = this.agreement
    const { engine } = settings
    const { privateKey, publicKey: point } = engine.x25519KeyPair(random)
    // Never all zero: a point of low order was refused when the first secret was made.
    const secondSecret = engine.x25519SharedSecret(privateKey, clientPoint)
    const hash = transcript(engine, key, clientPoint, point, packetHash)
    const keys = deriveCircuitKeys(engine, hash, firstSecret, secondSecret)
    privateKey.fill(0)
    secondSecret.fill(0)
    return { cipher: this.createCipher(keys), point, transcript: hash, auth: keys.auth }
  }
}
