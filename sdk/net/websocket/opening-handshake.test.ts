import { describe, expect, it } from 'vitest'
import { decodeHex } from '../../codec/index.ts'
import { checkAnswer, createOpening } from './opening-handshake.ts'

/** The nonce of RFC 6455 §1.3, "the sample nonce", and what the server answers to it. */
const NONCE = decodeHex('7468652073616d706c65206e6f6e6365')
const ACCEPT = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo='
const GOOD: [string, string][] = [
  ['Upgrade', 'websocket'],
  ['Connection', 'Upgrade'],
  ['Sec-WebSocket-Accept', ACCEPT]
]

async function judge(status: number, headers: [string, string][], protocols: string[] = []): Promise<string> {
  return checkAnswer({ status, headers }, await createOpening(protocols, () => NONCE))
}
const without = (name: string): [string, string][] => GOOD.filter(([key]) => key !== name)

describe('opening handshake', () => {
  it('is the example of RFC 6455 §1.3', async () => {
    const opening = await createOpening(['chat', 'superchat'], () => NONCE)
    expect(opening).toMatchObject({
      accept: ACCEPT,
      headers: [
        ['Sec-WebSocket-Key', 'dGhlIHNhbXBsZSBub25jZQ=='],
        ['Sec-WebSocket-Version', '13'],
        ['Sec-WebSocket-Protocol', 'chat, superchat']
      ]
    })
    expect(checkAnswer({ status: 101, headers: [...GOOD, ['sec-websocket-protocol', 'chat']] }, opening)).toBe('chat')
  })

  it('takes what the RFC lets a server write differently', async () => {
    expect(await judge(101, GOOD)).toBe('')
    expect(await judge(101, [...without('Connection'), ['connection', 'keep-alive, UPGRADE']])).toBe('')
    expect(await judge(101, [...without('Upgrade'), ['UPGRADE', 'WebSocket']])).toBe('')
  })

  it('keeps the status of a server that wants no WebSocket', async () => {
    await expect(judge(403, GOOD)).rejects.toMatchObject({ code: 'websocket-refused', details: { status: 403 } })
    await expect(judge(302, [['Location', 'wss://elsewhere.test/']])).rejects.toMatchObject({
      code: 'websocket-refused'
    })
    await expect(judge(200, GOOD)).rejects.toMatchObject({ code: 'websocket-refused' })
  })

  it.each<[string, [string, string][], string[]]>([
    ['no Upgrade', without('Upgrade'), []],
    ['another Upgrade', [...without('Upgrade'), ['Upgrade', 'h2c']], []],
    ['two Upgrades', [...GOOD, ['Upgrade', 'h2c']], []],
    ['no Connection', without('Connection'), []],
    ['another Connection', [...without('Connection'), ['Connection', 'close']], []],
    ['no accept', without('Sec-WebSocket-Accept'), []],
    [
      'accept for another key',
      [...without('Sec-WebSocket-Accept'), ['Sec-WebSocket-Accept', `A${ACCEPT.slice(1)}`]],
      []
    ],
    [
      'accept in other letters',
      [...without('Sec-WebSocket-Accept'), ['Sec-WebSocket-Accept', ACCEPT.toLowerCase()]],
      []
    ],
    ['accept twice', [...GOOD, ['Sec-WebSocket-Accept', ACCEPT]], []],
    ['an extension', [...GOOD, ['Sec-WebSocket-Extensions', 'permessage-deflate']], []],
    ['a subprotocol nobody asked for', [...GOOD, ['Sec-WebSocket-Protocol', 'chat']], []],
    ['another subprotocol', [...GOOD, ['Sec-WebSocket-Protocol', 'mail']], ['chat']],
    ['a subprotocol in other letters', [...GOOD, ['Sec-WebSocket-Protocol', 'CHAT']], ['chat']],
    ['two subprotocols', [...GOOD, ['Sec-WebSocket-Protocol', 'a'], ['Sec-WebSocket-Protocol', 'b']], ['a', 'b']],
    ['no subprotocol', GOOD, ['chat']]
  ])('refuses %s', async (_, headers, protocols) => {
    await expect(judge(101, headers, protocols)).rejects.toMatchObject({ code: 'protocol-violation' })
  })
})
