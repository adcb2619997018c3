import { multiaddr } from '@multiformats/multiaddr'
import { describe, expect, it } from 'vitest'
import { isPrivateAddress, isPrivateName, loadedFromLoopback } from './private-address.ts'

describe('private addresses', () => {
  it.each([
    '/ip4/127.0.0.1/tcp/1/ws',
    '/ip4/192.168.1.1/tcp/1/ws',
    '/ip4/10.0.0.1/udp/1/webrtc-direct',
    '/ip6/::1/tcp/1/ws',
    '/ip6/::ffff:127.0.0.1/tcp/1/ws',
    '/ip6/fd00::1/tcp/1/ws',
    '/dns4/localhost/tcp/1/ws',
    '/dns/printer.local/tcp/1/ws'
  ])('%s is one', address => {
    expect(isPrivateAddress(multiaddr(address))).toBe(true)
  })

  it.each(['/ip4/1.1.1.1/tcp/1/ws', '/ip4/8.8.8.8/tcp/1/ws', '/dns4/relay.example/tcp/443/tls/ws'])(
    '%s is none by itself',
    address => {
      expect(isPrivateAddress(multiaddr(address))).toBe(false)
    }
  )
})

describe('names', () => {
  const name = multiaddr('/dns4/relay.example/tcp/443/tls/ws')
  const lookUp =
    (...addresses: string[]) =>
    async () =>
      addresses.map(address => ({ address, family: address.includes(':') ? 6 : 4 }))

  it.each([['127.0.0.1'], ['8.8.8.8', '192.168.1.1'], ['::1'], ['::ffff:10.0.0.1']])(
    'that lead to %s are private',
    async (...addresses) => {
      expect(await isPrivateName(name, lookUp(...addresses))).toBe(true)
    }
  )

  it('that lead to public addresses only are not', async () => {
    expect(await isPrivateName(name, lookUp('8.8.8.8', '2606:4700::1111'))).toBe(false)
  })

  it('that cannot be looked up are not dialled', async () => {
    const failing = () => Promise.reject(new Error('no such name'))
    expect(await isPrivateName(name, failing)).toBe(true)
  })

  it('are all there is to look up', async () => {
    const never = () => Promise.reject(new Error('asked for an address that is no name'))
    expect(await isPrivateName(multiaddr('/ip4/8.8.8.8/tcp/1/ws'), never)).toBe(false)
  })
})

describe('a page from this machine', () => {
  it.each(['localhost', 'app.localhost', '127.0.0.1', '[::1]'])('%s', hostname => {
    expect(loadedFromLoopback({ hostname })).toBe(true)
  })

  it.each(['example.com', 'localhost.example.com', '192.168.1.1'])('not %s', hostname => {
    expect(loadedFromLoopback({ hostname })).toBe(false)
  })
})
