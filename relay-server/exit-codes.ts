/** What `craftec-relay` tells the shell; listed in `--help` and in docs/operator-guide.md. */
export const EXIT_CODE = {
  /** Stopped as asked; every stream was finished. */
  ok: 0,
  /** A defect: an uncaught error. The log has it. */
  crashed: 1,
  /** A flag, variable or file does not fit. */
  configInvalid: 2,
  /** The configuration is fine, but the node could not start: key file, data folder, listen address. */
  startFailed: 3,
  /** Stopped as asked, but streams were cut: the drain deadline passed or a second signal came. */
  cut: 4
} as const
