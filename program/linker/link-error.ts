/** Why an object file cannot become a program. */
export type LinkReason =
  | 'not-an-object'
  | 'truncated'
  | 'writable-data'
  | 'unknown-relocation'
  | 'unknown-symbol'
  | 'unknown-syscall'
  | 'forbidden-instruction'
  | 'frame-too-large'
  | 'no-entrypoint'

export class LinkError extends Error {
  readonly reason: LinkReason

  constructor(reason: LinkReason, message: string) {
    super(message)
    this.name = 'LinkError'
    this.reason = reason
  }
}
