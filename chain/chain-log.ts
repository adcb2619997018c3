/** Where a chain says what it does. Never names an account, a signature or a client. */
export interface ChainLog {
  readonly info: (text: string) => void
  readonly warn: (text: string) => void
}

export const silentLog: ChainLog = { info: () => {}, warn: () => {} }
