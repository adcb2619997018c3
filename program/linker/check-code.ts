/** Refuses what clang may emit for Linux's BPF and SBPF v3 runs differently or not at all. */
import { LinkError } from './link-error.ts'

export const FRAME_BYTES = 4096
const CLASS_MASK = 7
/** Whatever else is of this class but the wide load reads network packets. */
const PACKET = 0
const LOAD = 1
const STORE_IMMEDIATE = 2
const STORE = 3
const ALU32 = 4
const JUMP32 = 6
const ALU64 = 7
const MODE_MEMORY = 0x60
const LAST_ALU_OPERATION = 0xc0
const LOAD_WIDE = 0x18
const CALL_REGISTER = 0x8d
const FRAME_POINTER = 10

/**
 * @param code instructions of 8 bytes (two for a wide load)
 * @throws LinkError `forbidden-instruction`, `frame-too-large`
 */
export function checkCode(code: Uint8Array): void {
  const view = new DataView(code.buffer, code.byteOffset, code.byteLength)
  for (let at = 0; at < code.length; at += 8) {
    const opcode = view.getUint8(at)
    if (opcode === LOAD_WIDE) {
      at += 8
      continue
    }
    const reason = forbidden(opcode, view.getInt16(at + 2, true))
    if (reason !== undefined) {
      throw new LinkError('forbidden-instruction', `${reason}: opcode 0x${opcode.toString(16)} at ${at}`)
    }
    checkFrame(opcode, view.getUint8(at + 1), view.getInt16(at + 2, true), at)
  }
}

function forbidden(opcode: number, offset: number): string | undefined {
  switch (opcode & CLASS_MASK) {
    case PACKET:
      return 'packet access'
    case ALU32:
      // Solana sign-extends the result of 32-bit additions, Linux zero-extends: -mcpu=v3 code computes other values here.
      return '32-bit arithmetic'
    case JUMP32:
      return '32-bit jump'
    case LOAD:
    case STORE_IMMEDIATE:
    case STORE:
      return (opcode & 0xe0) === MODE_MEMORY ? undefined : 'atomic or sign-extending access'
    case ALU64:
      return (opcode & 0xf0) > LAST_ALU_OPERATION || offset !== 0 ? 'signed division or sign-extending move' : undefined
    default:
      return opcode === CALL_REGISTER ? 'call through a register' : undefined
  }
}

function checkFrame(opcode: number, registers: number, offset: number, at: number): void {
  const kind = opcode & CLASS_MASK
  const reads = kind === LOAD && registers >> 4 === FRAME_POINTER
  const writes = (kind === STORE_IMMEDIATE || kind === STORE) && (registers & 15) === FRAME_POINTER
  if ((reads || writes) && -offset > FRAME_BYTES) {
    throw new LinkError('frame-too-large', `a frame of ${-offset} bytes at ${at}; the runtime gives ${FRAME_BYTES}`)
  }
}
