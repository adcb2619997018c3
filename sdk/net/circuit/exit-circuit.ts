/** A circuit that ends at this node: its seal is opened here, and its streams go to the exit's backend. */
import type { ExitCipher } from '../onion/index.ts'
import type { CircuitEnd, CircuitHalf } from './circuit-half.ts'
import { circuitError, DESTROY, type DestroyReason, RESET } from './destroy-reason.ts'
import type { CircuitHost, HopCircuit } from './hop-circuit.ts'
import type { MuxStream } from './mux-stream.ts'
import { StreamMux } from './stream-mux.ts'

export class ExitCircuit implements CircuitEnd, HopCircuit {
  readonly isOpen = true
  readonly bornMs: number
  lastCellMs: number
  private readonly host: CircuitHost
  private readonly half: CircuitHalf
  private readonly cipher: ExitCipher
  private readonly mux: StreamMux
  private held = 0
  private over = false

  constructor(
    host: CircuitHost,
    half: CircuitHalf,
    cipher: ExitCipher,
    options: { readonly maxStreams: number; readonly onStream: (stream: MuxStream) => void }
  ) {
    this.host = host
    this.half = half
    this.cipher = cipher
    this.bornMs = host.nowMs()
    this.lastCellMs = this.bornMs
    this.mux = new StreamMux({
      role: 'exit',
      maxStreams: options.maxStreams,
      onOutput: () => half.ready(),
      onStream: options.onStream,
      hold: bytes => {
        this.held += bytes
        host.hold(bytes)
      }
    })
  }

  get queuedBytes(): number {
    return this.held
  }

  get streamCount(): number {
    return this.mux.streamCount
  }

  /** Let the open streams finish and take no new ones. */
  drain(): void {
    this.mux.refusal = RESET.shuttingDown
  }

  created(): void {
    // The link lets only the side that was asked say CREATED, and an exit never asks.
    this.destroy(DESTROY.protocol)
  }

  relayed(half: CircuitHalf, body: Uint8Array): void {
    this.lastCellMs = this.host.tickMs
    try {
      this.mux.receive(this.cipher.openForward(body))
    } catch {
      this.host.counters.badRelayCells++
      this.destroy(DESTROY.protocol)
      return
    }
    this.host.counters.cellsForward++
    half.passed()
  }

  nextBody(_half: CircuitHalf, body: Uint8Array): boolean {
    const payload = this.mux.next()
    if (payload === undefined) return false
    this.cipher.sealBackward(payload, body)
    this.host.counters.cellsBackward++
    return true
  }

  ended(_half: CircuitHalf, reason: DestroyReason): void {
    this.destroy(reason)
  }

  destroy(reason: DestroyReason): void {
    if (this.over) return
    this.over = true
    this.half.destroy(reason)
    this.mux.close(circuitError('circuit-destroyed', reason))
    this.cipher.destroy()
    this.host.forget(this)
  }
}
