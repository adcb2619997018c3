import { type CryptoEngine, NONCE_BYTES } from '../../crypto/index.ts'

const KEY_BYTES = 32
const REKEY_LABEL = /* @__PURE__ */ new TextEncoder().encode('rekey')

/** A key of one hop and direction, with the count of cells it has served. */
export class CellKey {
  /** Current key; replaced in place. */
  readonly bytes: Uint8Array
  /** Of the current cell: `0^4 ‖ n as u64 little-endian`. */
  readonly nonce = new Uint8Array(NONCE_BYTES)
  /** Cells since the key was last replaced, the current one not counted. */
  index = -1
  private readonly nonceView = new DataView(this.nonce.buffer)
  private readonly engine: CryptoEngine
  private readonly rekeyCells: number
  private cell = -1

  constructor(key: Uint8Array, engine: CryptoEngine, rekeyCells: number) {
    this.bytes = key
    this.engine = engine
    this.rekeyCells = rekeyCells
  }

  /** Go to the next cell. @returns whether the key was replaced */
  advance(): boolean {
    this.cell++
    this.index++
    this.nonceView.setUint32(4, this.cell >>> 0, true)
    this.nonceView.setUint32(8, Math.floor(this.cell / 2 ** 32), true)
    if (this.index < this.rekeyCells) return false
    this.index = 0
    this.bytes.set(this.engine.hkdfExpand(this.bytes, REKEY_LABEL, KEY_BYTES))
    return true
  }

  destroy(): void {
    this.bytes.fill(0)
  }
}
