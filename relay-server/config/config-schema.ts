/**
 * Every setting of a relay, once: the schema is also the source of the flags, the environment variables and the help text.
 * `describe` says what a setting does; units are part of the names.
 */
import { Resolver } from 'node:dns'
import { z } from 'zod'
import { CraftecError } from '../../sdk/errors/index.ts'
import { DEFAULT_EXIT_POLICY, DEFAULT_TCP_EXIT_LIMITS, parseExitPolicy, parseIpAddress } from '../egress/index.ts'
import { isByteSize } from './byte-size.ts'

const multiaddr = z.string().regex(/^\/[a-z0-9-]+\/\S+$/, 'expected a multiaddr, such as /ip4/0.0.0.0/tcp/4001/ws')
const peerMultiaddr = multiaddr.regex(
  /\/p2p\/[1-9A-HJ-NP-Za-km-z]{40,64}$/,
  'expected a multiaddr that ends in /p2p/PEER-ID'
)
const peerId = z.string().regex(/^[1-9A-HJ-NP-Za-km-z]{40,64}$/, 'expected a peer id, such as 12D3KooW…')
const port = z.int().min(0).max(65_535)
const ipAddress = z.string().refine(text => parseIpAddress(text) !== undefined, 'expected an IP address')

const dnsServer = z.string().refine(text => {
  try {
    new Resolver().setServers([text])
    return true
  } catch {
    return false
  }
}, 'expected ADDRESS or ADDRESS:PORT of a DNS server, IPv6 with a port in brackets')

const policyLine = z.string().superRefine((line, context) => {
  try {
    parseExitPolicy([line])
  } catch (error) {
    const text = CraftecError.from(error).message.replace(/^exit policy, line 1: /, '')
    context.addIssue({ code: 'custom', message: text })
  }
})

const byteSize = z.string().refine(isByteSize, 'expected a size, such as 50GB or 500MiB')

const listen = z.strictObject({
  websocket: z.array(multiaddr).default(['/ip4/0.0.0.0/tcp/4001/ws']).describe('WebSocket addresses'),
  webrtcDirect: z.array(multiaddr).default(['/ip4/0.0.0.0/udp/4001/webrtc-direct']).describe('WebRTC-direct addresses'),
  webtransport: z
    .enum(['auto', 'off', 'required'])
    .default('auto')
    .describe('WebTransport: auto takes it where the optional native part loads; required refuses to start without it'),
  webtransportAddress: multiaddr
    .default('/ip4/0.0.0.0/udp/4002/quic-v1/webtransport')
    .describe('WebTransport address, used unless webtransport is off')
})

const descriptor = z.strictObject({
  country: z
    .string()
    .regex(/^([A-Z]{2}|\?\?)$/, 'expected an ISO 3166 code in upper case, or "??"')
    .default('??')
    .describe('Country the exit or relay is in, ISO 3166'),
  region: z.string().max(16).default('').describe('Region within the country, free text of at most 16 bytes'),
  family: z
    .array(peerId)
    .max(16)
    .default([])
    .describe('Peer ids run by the same operator; no circuit uses two of them'),
  bandwidthKiBps: z
    .int()
    .min(1)
    .max(0xffffffff)
    .default(1024)
    .describe('Bandwidth to announce: the weight in path choice'),
  priceLamportsPerGiB: z.int().min(0).default(0).describe('Price to announce')
})

const exit = z.strictObject({
  policy: z
    .array(policyLine)
    .default([...DEFAULT_EXIT_POLICY])
    .describe(
      'Exit policy in Tor syntax, first match wins, the rest is rejected; "accept *:…" never opens private addresses'
    ),
  policyFile: z.string().optional().describe('File with more policy lines, matched after those of exit.policy'),
  blocklists: z
    .array(z.string())
    .default([])
    .describe('Files of host names to refuse: exact, .suffix, or hosts format'),
  dnsServers: z.array(dnsServer).max(8).default([]).describe('DNS servers to ask instead of those of the system'),
  hosts: z
    .record(z.string(), z.array(ipAddress).min(1))
    .default({})
    .describe('Names with fixed addresses, like a hosts file; the policy still judges them'),
  connections: z.int().min(1).default(DEFAULT_TCP_EXIT_LIMITS.connections).describe('Open connections in all'),
  connectionsPerAddress: z
    .int()
    .min(1)
    .default(DEFAULT_TCP_EXIT_LIMITS.connectionsPerAddress)
    .describe('Open connections to one target address'),
  bandwidthKiBps: z
    .int()
    .min(0)
    .default(0)
    .describe('Bytes to and from all targets together, KiB a second; 0 is no limit'),
  resolveTimeoutMs: z
    .int()
    .min(1)
    .default(DEFAULT_TCP_EXIT_LIMITS.resolveTimeoutMs)
    .describe('Deadline of name resolution'),
  connectTimeoutMs: z.int().min(1).default(DEFAULT_TCP_EXIT_LIMITS.connectTimeoutMs).describe('Deadline of connecting'),
  idleTimeoutMs: z
    .int()
    .min(1)
    .default(DEFAULT_TCP_EXIT_LIMITS.idleTimeoutMs)
    .describe('A connection that carries nothing for so long is ended')
})

const limits = z.strictObject({
  peers: z.int().min(1).default(1000).describe('Peers connected at once'),
  circuits: z.int().min(1).default(8192).describe('Circuits open at once'),
  streamsPerCircuit: z.int().min(1).default(64).describe('Streams open at once on one circuit'),
  reservations: z
    .int()
    .min(0)
    .default(1024)
    .describe('Browsers that may be reached through this relay; 0 switches that off')
})

export const configSchema = z.strictObject({
  roles: z
    .array(z.enum(['relay', 'exit', 'storage']))
    .min(1)
    .default(['relay'])
    .describe('What this node does: relay, exit, storage, or several of them'),
  quota: byteSize.default('10GB').describe('Room for pieces of others, for a storage node: 50GB, 500MiB'),
  quotaPerPeer: byteSize.optional().describe('Of that, room for one peer; default: an eighth'),
  dataDir: z.string().min(1).default('./craftec-data').describe('Folder of everything that must survive a restart'),
  keyFile: z
    .string()
    .min(1)
    .optional()
    .describe('Identity key; default: identity.key in dataDir, made at the first start'),
  bootstrap: z
    .array(peerMultiaddr)
    .default([])
    .describe('Nodes to learn the network from; none: this node is the first'),
  announce: z.array(multiaddr).max(8).default([]).describe('Addresses to publish instead of those listened on'),
  allowPrivateAddresses: z
    .boolean()
    .default(false)
    .describe('Dial and publish loopback and private addresses: for test networks'),
  listen: listen.prefault({}),
  descriptor: descriptor.prefault({}),
  exit: exit.prefault({}),
  limits: limits.prefault({}),
  metrics: z
    .strictObject({
      enabled: z.boolean().default(true).describe('Serve /healthz, /readyz and /metrics'),
      host: ipAddress.default('127.0.0.1').describe('Address of that server; keep it away from the public'),
      port: port.default(9464).describe('Its port; 0 picks a free one')
    })
    .prefault({}),
  log: z
    .strictObject({
      level: z
        .enum(['fatal', 'error', 'warn', 'info', 'debug', 'silent'])
        .default('info')
        .describe('debug names peers and addresses: do not keep such logs')
    })
    .prefault({}),
  drainSeconds: z
    .number()
    .min(0)
    .max(3600)
    .default(30)
    .describe('Seconds that open streams get to finish after SIGTERM')
})

export type RelayConfig = z.output<typeof configSchema>
