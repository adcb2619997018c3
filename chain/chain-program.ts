/** A program to load. */
export interface ChainProgram {
  /** For people: `craftec_info` and the log show it. */
  readonly name: string
  readonly address: string
  /** The ELF file. */
  readonly elf: Uint8Array
}
