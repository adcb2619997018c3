import { CraftecError } from '../../sdk/errors/index.ts'
import type { CircuitHandle, Descriptor } from '../../sdk/net/index.ts'

export interface FakeCircuit extends CircuitHandle {
  readonly streams: { open: number; unusedIds: number }
  destroyed: boolean
  die(): void
}

/** A descriptor with nothing in it but a name and ports. */
export function fakeNode(name: string, ports: readonly [number, number] = [1, 65_535]): Descriptor {
  return {
    identity: new Uint8Array(32).fill(name.charCodeAt(0)),
    sequence: 0n,
    issuedAt: 0,
    expiresAt: 1,
    roles: { relay: true, exit: true, directory: false, storage: false },
    onionKeys: [],
    addresses: [],
    country: 'DE',
    region: '',
    family: [],
    bandwidthKiBps: 1,
    priceLamportsPerGiB: 0n,
    exitPorts: [{ from: ports[0], to: ports[1] }]
  }
}

export function fakeCircuit(id: string, hops: readonly Descriptor[]): FakeCircuit {
  const { promise: closed, resolve } = Promise.withResolvers<CraftecError | undefined>()
  const circuit: FakeCircuit = {
    id,
    path: { hops },
    buildMs: 1,
    hopRoundTripsMs: [],
    bytesSent: 0,
    bytesReceived: 0,
    streams: { open: 0, unusedIds: 100 },
    destroyed: false,
    openStream: () => Promise.reject(new Error('a fake circuit carries no streams')),
    ping: () => Promise.reject(new Error('a fake circuit carries no pings')),
    destroy: () => {
      circuit.destroyed = true
      resolve(undefined)
    },
    die: () => resolve(new CraftecError('circuit-destroyed', 'gone')),
    closed
  }
  return circuit
}
