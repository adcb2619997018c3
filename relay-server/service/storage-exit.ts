import { CraftecError } from '../../sdk/errors/index.ts'
import type { ExitBackend, PortRange } from '../../sdk/net/index.ts'
import { duplexPair, PRIVATE_STORAGE_HOST, PRIVATE_STORAGE_PORT, type StorageService } from '../../sdk/obj/index.ts'

/** docs/protocol/craftnet.md §1. */
const MAX_PORT_RANGES = 16

/**
 * Let circuits end in the node's own store, for private retrieval.
 * @param exit where all other streams go; without one they are refused
 */
export function withStorageExit(
  storage: Pick<StorageService, 'acceptPrivate'>,
  exit: ExitBackend | undefined
): ExitBackend {
  return {
    connect: async (target, options) => {
      if (target.host === PRIVATE_STORAGE_HOST && target.port === PRIVATE_STORAGE_PORT) {
        const [near, far] = duplexPair()
        storage.acceptPrivate(far)
        return near
      }
      if (exit !== undefined) return exit.connect(target, options)
      throw new CraftecError('exit-refused', 'circuits end here in the store, and nowhere else')
    }
  }
}

/** Ports to announce: those of the exit policy, and the store's. Ascending and disjoint, as a descriptor has them. */
export function withStoragePort(ports: readonly PortRange[]): PortRange[] {
  if (ports.some(({ from, to }) => from <= PRIVATE_STORAGE_PORT && PRIVATE_STORAGE_PORT <= to)) return [...ports]
  // An exit whose policy needs all the room of a descriptor serves its store to those who come openly.
  if (ports.length >= MAX_PORT_RANGES) return [...ports]
  const all = [...ports, { from: PRIVATE_STORAGE_PORT, to: PRIVATE_STORAGE_PORT }]
  return all.sort((a, b) => a.from - b.from)
}
