import type {
  MultiaddrConnection,
  Upgrader,
  UpgraderOptions,
  UpgraderWithoutEncryptionOptions
} from '@libp2p/interface'
import type { TransportFactory } from './p2p-options.ts'

type AnyUpgradeOptions = UpgraderOptions | UpgraderWithoutEncryptionOptions
export type UpgradeHook = (connection: MultiaddrConnection, options: AnyUpgradeOptions) => void

/**
 * Show every new connection of a transport, inbound and outbound, to `hook` right before libp2p upgrades it. It is the
 * one place where a connection's raw parts can be reached without patching prototypes that belong to the whole page.
 */
export function withUpgradeHook(factory: TransportFactory, hook: UpgradeHook): TransportFactory {
  return components => {
    const transport = factory(
      new Proxy(components, {
        get: (target, key, receiver) =>
          key === 'upgrader' ? hookUpgrader(target.upgrader, hook) : Reflect.get(target, key, receiver)
      })
    )
    const dial = transport.dial.bind(transport)
    const createListener = transport.createListener.bind(transport)
    transport.dial = (address, options) => dial(address, { ...options, upgrader: hookUpgrader(options.upgrader, hook) })
    transport.createListener = options => createListener({ ...options, upgrader: hookUpgrader(options.upgrader, hook) })
    return transport
  }
}

function hookUpgrader(upgrader: Upgrader, hook: UpgradeHook): Upgrader {
  return {
    upgradeInbound: (connection: MultiaddrConnection, options: UpgraderWithoutEncryptionOptions) => {
      hook(connection, options)
      return upgrader.upgradeInbound(connection, options)
    },
    upgradeOutbound: (connection: MultiaddrConnection, options: UpgraderWithoutEncryptionOptions) => {
      hook(connection, options)
      return upgrader.upgradeOutbound(connection, options)
    },
    createInboundAbortSignal: signal => upgrader.createInboundAbortSignal(signal),
    getStreamMuxers: () => upgrader.getStreamMuxers(),
    getConnectionEncrypters: () => upgrader.getConnectionEncrypters()
  }
}
