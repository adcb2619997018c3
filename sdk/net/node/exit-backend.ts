import type { StreamTarget } from '../circuit/index.ts'
import type { ByteDuplex } from '../http/index.ts'

/** What an exit does for a stream: everything past the onion network, the policy included. */
export interface ExitBackend {
  /**
   * A connection that is idle for too long is the backend's to end.
   * @param options.signal fires when the client gave up or the deadline passed; the connection must then be dropped
   * @throws CraftecError `exit-refused` | `name-not-resolved` | `connect-failed` | `timeout` | `limit-exceeded`
   */
  connect(target: StreamTarget, options: { readonly signal: AbortSignal }): Promise<ByteDuplex>
}
