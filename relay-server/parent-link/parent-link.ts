/**
 * A relay that another program started with an IPC channel (the devnet): it reports what it listens on, and ends when the channel
 * does, so that even a parent killed by SIGKILL leaves no relay behind.
 */
export type ChildReport =
  | {
      readonly type: 'listening'
      readonly peerId: string
      readonly addresses: readonly string[]
      /** Port of `/metrics`; absent when that is switched off. */
      readonly statusPort?: number
      readonly transports: readonly string[]
    }
  | { readonly type: 'directory'; readonly nodes: number }
  | { readonly type: 'failed'; readonly code: string; readonly message: string }

export interface ParentLink {
  report(report: ChildReport): void
}

/** @returns undefined when no parent listens */
export function parentLink(onParentGone: () => void): ParentLink | undefined {
  if (process.send === undefined || !process.connected) return undefined
  process.once('disconnect', onParentGone)
  return {
    report(report) {
      // The callback form: without it a parent that dies meanwhile would turn into an uncaught EPIPE.
      if (process.connected) process.send?.(report, undefined, undefined, () => {})
    }
  }
}

/** What arrived on the channel came from a program, not from a person; still only the known shapes are taken. */
export function isChildReport(value: unknown): value is ChildReport {
  if (typeof value !== 'object' || value === null) return false
  const { type } = value as { type?: unknown }
  return type === 'listening' || type === 'directory' || type === 'failed'
}
