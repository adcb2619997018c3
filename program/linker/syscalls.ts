/**
 * Solana syscalls by the number that SBPF v3 calls them with: MurmurHash3 (32 bits, seed 0) of the name.
 * Only what the program uses is listed: a misspelt name must fail here, not on a cluster.
 */
const NAMES = [
  'sol_get_clock_sysvar',
  'sol_get_rent_sysvar',
  'sol_invoke_signed_c',
  'sol_log_data',
  'sol_memcmp_',
  'sol_memcpy_',
  'sol_memset_',
  'sol_sha256',
  'sol_try_find_program_address'
] as const

/** @returns the number of a syscall, or undefined for a name that is none */
export function syscallNumber(name: string): number | undefined {
  return (NAMES as readonly string[]).includes(name) ? murmur3(name) : undefined
}

/** MurmurHash3_x86_32 (Appleby) of ASCII text, seed 0. */
export function murmur3(text: string): number {
  const bytes = new TextEncoder().encode(text)
  const view = new DataView(bytes.buffer)
  const blocks = bytes.length >> 2
  let hash = 0
  for (let i = 0; i < blocks; i++) {
    hash = rotateLeft(hash ^ scramble(view.getUint32(i * 4, true)), 13)
    hash = (Math.imul(hash, 5) + 0xe6546b64) | 0
  }
  let tail = 0
  for (let i = bytes.length - 1; i >= blocks * 4; i--) tail = (tail << 8) | view.getUint8(i)
  hash ^= scramble(tail) ^ bytes.length
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

function scramble(block: number): number {
  return Math.imul(rotateLeft(Math.imul(block, 0xcc9e2d51), 15), 0x1b873593)
}

function rotateLeft(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits))
}
