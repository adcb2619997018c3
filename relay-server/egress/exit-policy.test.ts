import fc from 'fast-check'
import ipaddr from 'ipaddr.js'
import { describe, expect, it } from 'vitest'
import { DEFAULT_EXIT_POLICY, parseExitPolicy } from './exit-policy.ts'
import { parseIpAddress } from './ip-address.ts'
import { parseTargetHost } from './target-host.ts'

type Verdict = 'open' | 'closed'

/** Host as a client may write it, and what an exit that accepts `*:*` must answer. */
const NOTATIONS: readonly (readonly [string, Verdict])[] = [
  // public addresses, in every notation
  ['1.1.1.1', 'open'],
  ['8.8.8.8', 'open'],
  ['8.8.8.8.', 'open'],
  ['134744072', 'open'],
  ['0x08080808', 'open'],
  ['010.010.010.010', 'open'],
  ['0x8.0x8.0x8.0x8', 'open'],
  ['8.8.2056', 'open'],
  ['8.526344', 'open'],
  ['::ffff:8.8.8.8', 'open'],
  ['::ffff:808:808', 'open'],
  ['[::ffff:8.8.8.8]', 'open'],
  ['64:ff9b::8.8.8.8', 'open'],
  ['64:ff9b::808:808', 'open'],
  ['2606:4700:4700::1111', 'open'],
  ['[2606:4700:4700::1111]', 'open'],
  ['2A00:1450:4001:0800:0000:0000:0000:200E', 'open'],
  ['99.255.255.255', 'open'],
  ['100.128.0.0', 'open'],
  ['172.15.255.255', 'open'],
  ['172.32.0.0', 'open'],
  ['169.253.255.255', 'open'],
  ['192.167.255.255', 'open'],
  ['223.255.255.255', 'open'],
  ['11.0.0.0', 'open'],
  ['9.255.255.255', 'open'],
  ['126.255.255.255', 'open'],
  ['128.0.0.1', 'open'],
  ['2001:200::1', 'open'],
  ['2003::1', 'open'],
  // loopback
  ['127.0.0.1', 'closed'],
  ['127.0.0.1.', 'closed'],
  ['127.1', 'closed'],
  ['127.0.1', 'closed'],
  ['127.255.255.254', 'closed'],
  ['2130706433', 'closed'],
  ['2130706433.', 'closed'],
  ['0x7f000001', 'closed'],
  ['0X7F000001', 'closed'],
  ['0x7f.1', 'closed'],
  ['0x7f.0.0.0x1', 'closed'],
  ['0177.0.0.1', 'closed'],
  ['0177.1', 'closed'],
  ['017700000001', 'closed'],
  ['00177.0.0.01', 'closed'],
  ['127.0x0.00.1', 'closed'],
  ['::1', 'closed'],
  ['[::1]', 'closed'],
  ['0:0:0:0:0:0:0:1', 'closed'],
  ['0000:0000:0000:0000:0000:0000:0000:0001', 'closed'],
  ['::0.0.0.1', 'closed'],
  ['::ffff:127.0.0.1', 'closed'],
  ['[::ffff:127.0.0.1]', 'closed'],
  ['::ffff:7f00:1', 'closed'],
  ['::FFFF:7F00:0001', 'closed'],
  ['0:0:0:0:0:ffff:7f00:1', 'closed'],
  ['::127.0.0.1', 'closed'],
  ['::7f00:1', 'closed'],
  ['::ffff:0:127.0.0.1', 'closed'],
  ['::ffff:0:7f00:1', 'closed'],
  ['64:ff9b::127.0.0.1', 'closed'],
  ['64:ff9b::7f00:1', 'closed'],
  ['64:ff9b:1::7f00:1', 'closed'],
  ['64:ff9b:1::808:808', 'closed'],
  ['2002:7f00:1::', 'closed'],
  ['2002:7f00:0001::1', 'closed'],
  ['2002:808:808::1', 'closed'],
  ['2001:0:4136:e378:8000:63bf:80ff:fffe', 'closed'],
  ['2001::80ff:fffe', 'closed'],
  ['2606:4700::5efe:127.0.0.1', 'closed'],
  ['2606:4700::200:5efe:10.0.0.1', 'closed'],
  // this network and unspecified
  ['0', 'closed'],
  ['0.', 'closed'],
  ['0.0', 'closed'],
  ['0.0.0.0', 'closed'],
  ['0x0', 'closed'],
  ['00', 'closed'],
  ['0.1.2.3', 'closed'],
  ['0.255.255.255', 'closed'],
  ['::', 'closed'],
  ['[::]', 'closed'],
  ['::ffff:0.0.0.0', 'closed'],
  // private
  ['10.0.0.0', 'closed'],
  ['10.255.255.255', 'closed'],
  ['10.1', 'closed'],
  ['012.0.0.1', 'closed'],
  ['0xa.0.0.1', 'closed'],
  ['167772161', 'closed'],
  ['172.16.0.0', 'closed'],
  ['172.31.255.255', 'closed'],
  ['192.168.0.0', 'closed'],
  ['192.168.1.1', 'closed'],
  ['192.168.257', 'closed'],
  ['3232235777', 'closed'],
  ['0xc0a80101', 'closed'],
  ['0300.0250.1.1', 'closed'],
  ['::ffff:192.168.1.1', 'closed'],
  ['::ffff:c0a8:101', 'closed'],
  ['64:ff9b::c0a8:101', 'closed'],
  ['64:ff9b::10.0.0.1', 'closed'],
  // link-local and metadata services
  ['169.254.0.0', 'closed'],
  ['169.254.169.254', 'closed'],
  ['169.254.43518', 'closed'],
  ['2852039166', 'closed'],
  ['0xa9fea9fe', 'closed'],
  ['0251.0376.0251.0376', 'closed'],
  ['0xa9.0xfe.0xa9.0xfe', 'closed'],
  ['::ffff:169.254.169.254', 'closed'],
  ['::ffff:a9fe:a9fe', 'closed'],
  ['64:ff9b::a9fe:a9fe', 'closed'],
  ['2002:a9fe:a9fe::1', 'closed'],
  ['168.63.129.16', 'closed'],
  ['100.100.100.200', 'closed'],
  ['192.0.0.192', 'closed'],
  ['fd00:ec2::254', 'closed'],
  ['[fd00:ec2::254]', 'closed'],
  ['fd20:ce::254', 'closed'],
  ['fe80::1', 'closed'],
  ['febf::1', 'closed'],
  ['fe80::1%eth0', 'closed'],
  ['[fe80::1%25eth0]', 'closed'],
  // carrier-grade NAT, unique-local, site-local, multicast
  ['100.64.0.0', 'closed'],
  ['100.127.255.255', 'closed'],
  ['fc00::', 'closed'],
  ['fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 'closed'],
  ['fec0::1', 'closed'],
  ['224.0.0.1', 'closed'],
  ['239.255.255.250', 'closed'],
  ['ff02::1', 'closed'],
  ['ff0e::1', 'closed'],
  // the rest of the registries
  ['192.0.0.1', 'closed'],
  ['192.0.2.1', 'closed'],
  ['192.31.196.1', 'closed'],
  ['192.52.193.1', 'closed'],
  ['192.88.99.1', 'closed'],
  ['192.175.48.1', 'closed'],
  ['198.18.0.1', 'closed'],
  ['198.19.255.255', 'closed'],
  ['198.51.100.1', 'closed'],
  ['203.0.113.1', 'closed'],
  ['240.0.0.1', 'closed'],
  ['255.255.255.255', 'closed'],
  ['100::1', 'closed'],
  ['100:0:0:1::1', 'closed'],
  ['2001:2::1', 'closed'],
  ['2001:10::1', 'closed'],
  ['2001:20::1', 'closed'],
  ['2001:db8::1', 'closed'],
  ['2620:4f:8000::1', 'closed'],
  ['3fff::1', 'closed'],
  ['4000::1', 'closed'],
  ['5f00::1', 'closed'],
  // not a host at all
  ['', 'closed'],
  ['.', 'closed'],
  ['256.1.1.1', 'closed'],
  ['1.1.1.1.1', 'closed'],
  ['08.8.8.8', 'closed'],
  ['0x', 'closed'],
  ['8.8.8.0x', 'closed'],
  ['4294967296', 'closed'],
  ['1.2.3.4.in-addr.5', 'closed'],
  ['a..b', 'closed'],
  ['-a.example', 'closed'],
  ['exam ple.org', 'closed'],
  ['example.org:80', 'closed'],
  ['１２７.0.0.1', 'closed'],
  ['127。0。0。1', 'closed'],
  ['①②⑦.0.0.1', 'closed'],
  ['[127.0.0.1]', 'closed'],
  ['1::2::3', 'closed'],
  ['user@127.0.0.1', 'closed'],
  ['127.0.0.1/24', 'closed'],
  ['127.0.0.1\u0000.example.org', 'closed']
]

function verdict(host: string, policy = parseExitPolicy(['accept *:*'])): Verdict {
  try {
    const target = parseTargetHost(host)
    return target.kind === 'address' && policy.allows(target.address, 80) ? 'open' : 'closed'
  } catch {
    return 'closed'
  }
}

describe('exit policy: addresses', () => {
  it('covers at least 100 notations', () => {
    expect(new Set(NOTATIONS.map(([host]) => host)).size).toBeGreaterThanOrEqual(100)
  })

  it.each(NOTATIONS)('with "accept *:*", %j is %s', (host, expected) => {
    expect(verdict(host)).toBe(expected)
  })

  const privateIpv4 = fc
    .constantFrom<[number, number]>(
      [0x00000000, 8],
      [0x0a000000, 8],
      [0x64400000, 10],
      [0x7f000000, 8],
      [0xa9fe0000, 16],
      [0xac100000, 12],
      [0xc0a80000, 16],
      [0xc6120000, 15],
      [0xe0000000, 4],
      [0xf0000000, 4]
    )
    .chain(([base, bits]) => fc.integer({ min: 0, max: 2 ** (32 - bits) - 1 }).map(host => base + host))

  const spelled = (value: number): fc.Arbitrary<string> => {
    const octets = [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255]
    const number = (part: number): fc.Arbitrary<string> =>
      fc.constantFrom(
        `${part}`,
        `0x${part.toString(16)}`,
        `0X${part.toString(16).toUpperCase()}`,
        `0${part.toString(8)}`
      )
    const parts = (numbers: number[]): fc.Arbitrary<string> => fc.tuple(...numbers.map(number)).map(p => p.join('.'))
    const [a = 0, b = 0, c = 0, d = 0] = octets
    const hex = `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`
    const dotted = octets.join('.')
    return fc.oneof(
      parts(octets),
      parts([a, b, (c << 8) | d]),
      parts([a, value % 2 ** 24]),
      parts([value]),
      parts(octets).map(text => `${text}.`),
      fc.constantFrom(
        `::ffff:${dotted}`,
        `[::ffff:${dotted}]`,
        `::ffff:${hex}`,
        `0:0:0:0:0:FFFF:${hex}`,
        `::${dotted}`,
        `::${hex}`,
        `::ffff:0:${dotted}`,
        `64:ff9b::${dotted}`,
        `64:ff9b::${hex}`,
        `64:ff9b:1::${hex}`,
        `2002:${hex}::1`,
        `2001:0:1:2:3:4:${(((a << 8) | b) ^ 0xffff).toString(16)}:${(((c << 8) | d) ^ 0xffff).toString(16)}`,
        `2606:4700::5efe:${hex}`
      )
    )
  }

  it('accepts no special-purpose IPv4 address in any notation, whatever wildcards say', () => {
    const wide = parseExitPolicy(['accept 0.0.0.0/0:*', 'accept [::]/0:*', 'accept6 *:*', 'accept *:*'])
    fc.assert(
      fc.property(privateIpv4.chain(spelled), host => {
        expect(verdict(host, wide)).toBe('closed')
      }),
      { numRuns: 5000 }
    )
  })

  it('reads every notation of one IPv4 address as the same address', () => {
    fc.assert(
      fc.property(fc.nat(0xffffffff), fc.constantFrom(...'abcde'), (value, kind) => {
        const octets = [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255]
        const text =
          kind === 'a'
            ? `${value}`
            : kind === 'b'
              ? `0x${value.toString(16)}`
              : kind === 'c'
                ? octets.map(octet => `0${octet.toString(8)}`).join('.')
                : kind === 'd'
                  ? `::ffff:${octets.join('.')}`
                  : `${octets[0]}.${value % 2 ** 24}`
        expect(parseIpAddress(text)?.toString()).toBe(octets.join('.'))
      })
    )
  })

  it('accepts only 2000::/3 and NAT64 among IPv6 addresses', () => {
    const policy = parseExitPolicy(['accept *:*'])
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), bytes => {
        const address = parseIpAddress(ipaddr.fromByteArray([...bytes]).toString())
        if (address?.kind() !== 'ipv6' || !policy.allows(address, 80)) return
        expect((bytes[0] ?? 0) >> 5).toBe(1)
      }),
      { numRuns: 2000 }
    )
  })
})

describe('exit policy: rules', () => {
  const allows = (lines: string[], host: string, port: number): boolean => {
    const address = parseIpAddress(host)
    if (address === undefined) throw new Error(`not an address: ${host}`)
    return parseExitPolicy(lines).allows(address, port)
  }

  it('lets the first match win', () => {
    expect(allows(['reject 8.8.8.8:*', 'accept *:*'], '8.8.8.8', 53)).toBe(false)
    expect(allows(['accept 8.8.8.8:53', 'reject 8.8.8.0/24:*', 'accept *:*'], '8.8.8.8', 53)).toBe(true)
    expect(allows(['accept 8.8.8.8:53', 'reject 8.8.8.0/24:*', 'accept *:*'], '8.8.8.9', 53)).toBe(false)
  })

  it('rejects what no rule matches', () => {
    expect(allows([], '8.8.8.8', 80)).toBe(false)
    expect(allows(['accept *:443'], '8.8.8.8', 80)).toBe(false)
    expect(allows(['accept *4:80'], '2606:4700::1', 80)).toBe(false)
    expect(allows(['accept6 *:80'], '8.8.8.8', 80)).toBe(false)
  })

  it('takes port ranges, netmasks, comments, upper case and no port at all', () => {
    expect(allows(['accept *:6000-6100'], '8.8.8.8', 6100)).toBe(true)
    expect(allows(['accept *:6000-6100'], '8.8.8.8', 6101)).toBe(false)
    expect(allows(['accept 8.8.0.0/255.255.0.0:53 # dns'], '8.8.255.1', 53)).toBe(true)
    expect(allows(['', '# nothing', 'ACCEPT 8.8.8.8'], '8.8.8.8', 1)).toBe(true)
    expect(allows(['reject6 [2606::]/16:*', 'accept *:*'], '2606:4700::1', 80)).toBe(false)
  })

  it('opens a special-purpose address only to a rule that names it', () => {
    expect(allows(['accept 127.0.0.1:8080'], '127.0.0.1', 8080)).toBe(true)
    expect(allows(['accept 127.0.0.1:8080'], '127.0.0.1', 8081)).toBe(false)
    expect(allows(['accept 127.0.0.1:8080', 'accept *:*'], '127.0.0.2', 8080)).toBe(false)
    expect(allows(['accept [::1]:8080'], '::1', 8080)).toBe(true)
    expect(allows(['accept private:80'], '10.1.2.3', 80)).toBe(true)
    expect(allows(['accept private:80'], '8.8.8.8', 80)).toBe(false)
    expect(allows(['accept 10.0.0.0/7:80'], '10.0.0.1', 80)).toBe(false)
    expect(allows(['accept 10.0.0.0/8:80'], '10.0.0.1', 80)).toBe(true)
  })

  it('applies IPv4 rules to the IPv4 address inside NAT64', () => {
    expect(allows(['reject 8.8.8.8:*', 'accept *:*'], '64:ff9b::8.8.8.8', 80)).toBe(false)
    expect(allows(['reject 8.8.8.8:*', 'accept *:*'], '64:ff9b::8.8.4.4', 80)).toBe(true)
  })

  it('treats the addresses of the machine itself as private', () => {
    const own = parseIpAddress('5.6.7.8')
    if (own === undefined) throw new Error('not an address')
    expect(parseExitPolicy(['accept *:*'], [own]).allows(own, 80)).toBe(false)
    expect(parseExitPolicy(['accept 5.6.7.8:80'], [own]).allows(own, 80)).toBe(true)
  })

  it.each([
    ['allow *:80', 'expected'],
    ['accept', 'expected'],
    ['accept *:0', '1-65535'],
    ['accept *:70000', '1-65535'],
    ['accept *:90-80', '1-65535'],
    ['accept *:*-80', 'already every port'],
    ['accept */8:80', 'takes no mask'],
    ['accept 1.2.3:80', 'not an IPv4'],
    ['accept 010.0.0.1:80', 'not an IPv4'],
    ['accept 1.2.3.4/33:80', '32 bits'],
    ['accept 1.2.3.4/255.0.255.0:80', 'netmask'],
    ['accept [::1]/129:80', '128 bits'],
    ['accept [::ffff:1.2.3.4]:80', 'as IPv4'],
    ['accept ::1:80', 'brackets'],
    ['accept6 1.2.3.4:80', 'IPv6 addresses only'],
    ['accept example.org:80', 'ADDRESS']
  ])('names the line of %j', (line, why) => {
    expect(() => parseExitPolicy(['accept *:80', line])).toThrow(
      expect.objectContaining({ code: 'config-invalid', message: expect.stringMatching(new RegExp(`line 2.*${why}`)) })
    )
  })
})

describe('exit policy: summary for the descriptor', () => {
  it('lists the ports that a broad part of the address space may use', () => {
    expect(parseExitPolicy(DEFAULT_EXIT_POLICY).ports).toEqual([
      { from: 80, to: 80 },
      { from: 443, to: 443 },
      { from: 8080, to: 8080 },
      { from: 8443, to: 8443 }
    ])
    expect(parseExitPolicy(['reject *:25', 'accept *:*']).ports).toEqual([
      { from: 1, to: 24 },
      { from: 26, to: 65_535 }
    ])
    expect(parseExitPolicy(['reject private:*', 'reject 9.9.9.9:*', 'accept *:80-90', 'accept *:91']).ports).toEqual([
      { from: 80, to: 91 }
    ])
  })

  it('ignores rules about few public addresses, but shows a named private network', () => {
    expect(parseExitPolicy(['accept 9.9.9.9:53']).ports).toEqual([])
    expect(parseExitPolicy(['accept 127.0.0.1:4321', 'accept *:80']).ports).toEqual([
      { from: 80, to: 80 },
      { from: 4321, to: 4321 }
    ])
  })

  it('keeps the widest 16 of too many ranges', () => {
    const odd = Array.from({ length: 40 }, (_, index) => `accept *:${index * 10 + 1}-${index * 10 + 1 + (index % 8)}`)
    const { ports } = parseExitPolicy(odd)
    expect(ports).toHaveLength(16)
    expect(ports.every(({ from, to }) => to - from >= 4)).toBe(true)
    expect([...ports].sort((a, b) => a.from - b.from)).toEqual(ports)
  })
})
