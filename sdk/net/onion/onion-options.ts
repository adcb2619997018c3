import { type CryptoEngine, cryptoEngine } from '../../crypto/index.ts'
import { BODY_BYTES, REKEY_CELLS } from './onion-format.ts'

export interface OnionOptions {
  /** Default: the best of this runtime. */
  readonly engine?: CryptoEngine
  /** Cells under one key. All hops of a circuit must agree, so the protocol fixes it; tests shorten it. */
  readonly rekeyCells?: number
  /** Bytes of a cell body. Fixed by the protocol; benchmarks vary it. */
  readonly bodyBytes?: number
}

export type OnionSettings = Required<OnionOptions>

export function onionSettings(options: OnionOptions): OnionSettings {
  return {
    engine: options.engine ?? cryptoEngine(),
    rekeyCells: options.rekeyCells ?? REKEY_CELLS,
    bodyBytes: options.bodyBytes ?? BODY_BYTES
  }
}
