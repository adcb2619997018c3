import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createDnsResolver, type NameResolver, withStaticHosts } from './name-resolver.ts'

const A = 1
const AAAA = 28

/** Answers for names of one zone; `undefined` keeps silent, an empty list is "no such name". */
type Zone = (name: string, type: number) => readonly (readonly number[])[] | undefined

describe('DNS resolver', () => {
  let server: Socket
  let zone: Zone
  let asked: string[]
  let resolve: NameResolver
  const { signal } = new AbortController()

  beforeEach(async () => {
    asked = []
    server = createSocket('udp4', (query, from) => {
      const { name, type, end } = readQuestion(query)
      asked.push(name)
      const records = zone(name, type)
      if (records !== undefined) server.send(answer(query, end, type, records), from.port, from.address)
    })
    server.bind(0, '127.0.0.1')
    await once(server, 'listening')
    resolve = createDnsResolver([`127.0.0.1:${server.address().port}`])
  })
  afterEach(() => void server.close())

  it('asks for both families and returns every address, IPv6 first', async () => {
    zone = (_name, type) => (type === A ? [[1, 2, 3, 4]] : type === AAAA ? [[0x26, 6, ...Array(13).fill(0), 1]] : [])
    expect(await resolve('both.example', { signal })).toEqual(['2606::1', '1.2.3.4'])
    zone = (_name, type) =>
      type === A
        ? [
            [1, 2, 3, 4],
            [1, 2, 3, 5]
          ]
        : []
    expect([...(await resolve('four.example', { signal }))].sort()).toEqual(['1.2.3.4', '1.2.3.5'])
  })

  it('rejects a name without any address', async () => {
    zone = () => []
    await expect(resolve('none.example', { signal })).rejects.toMatchObject({ code: 'name-not-resolved' })
  })

  it('does not ask anyone about names without a dot', async () => {
    zone = () => [[10, 0, 0, 1]]
    await expect(resolve('localhost', { signal })).rejects.toMatchObject({ code: 'name-not-resolved' })
    await expect(resolve('intranet', { signal })).rejects.toMatchObject({ code: 'name-not-resolved' })
    expect(asked).toEqual([])
  })

  it('answers static hosts without a question', async () => {
    zone = (_name, type) => (type === A ? [[9, 9, 9, 9]] : [])
    const both = withStaticHosts({ 'Fixed.example': ['127.0.0.1'] }, resolve)
    expect(await both('fixed.example', { signal })).toEqual(['127.0.0.1'])
    expect(asked).toEqual([])
    expect(await both('other.example', { signal })).toEqual(['9.9.9.9'])
  })
})

function readQuestion(query: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = []
  let at = 12
  for (let length = query.readUInt8(at); length > 0; length = query.readUInt8(at)) {
    labels.push(query.toString('ascii', at + 1, at + 1 + length))
    at += length + 1
  }
  return { name: labels.join('.').toLowerCase(), type: query.readUInt16BE(at + 1), end: at + 5 }
}

/** RFC 1035 §4.1: the question again, then one record for each address. */
function answer(query: Buffer, end: number, type: number, addresses: readonly (readonly number[])[]): Buffer {
  const header = Buffer.from(query.subarray(0, 12))
  header.writeUInt16BE(addresses.length > 0 ? 0x8180 : 0x8183, 2)
  header.writeUInt16BE(addresses.length, 6)
  header.writeUInt32BE(0, 8) // no authority, no additional records
  const records = addresses.map(address => {
    const fixed = Buffer.alloc(12)
    fixed.writeUInt16BE(0xc00c, 0) // the name of the question
    fixed.writeUInt16BE(type, 2)
    fixed.writeUInt16BE(1, 4)
    fixed.writeUInt32BE(0, 6)
    fixed.writeUInt16BE(address.length, 10)
    return Buffer.concat([fixed, Buffer.from(address)])
  })
  return Buffer.concat([header, query.subarray(12, end), ...records])
}
