import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { violations } from './import-rules.ts'

const why = (from: string, specifier: string, hasDoor = true): string[] =>
  violations({ from, specifier }, () => hasDoor).map(violation => violation.why)

describe('layers', () => {
  it('let arrows point down', () => {
    expect(why('sdk/net/fetch.ts', '../p2p/index.ts')).toEqual([])
    expect(why('sdk/craftec.ts', './net/index.ts')).toEqual([])
    expect(why('sdk/craftec.ts', './errors/index.ts')).toEqual([])
    expect(why('relay-server/cli.ts', '../sdk/net/index.ts')).toEqual([])
    expect(why('workers/codec.ts', '../sdk/crypto/index.ts')).toEqual([])
  })

  it('refuse arrows that point up', () => {
    expect(why('sdk/codec/bytes.ts', '../crypto/index.ts')).toEqual(['codec is below crypto'])
    expect(why('sdk/p2p/node.ts', '../../relay-server/index.ts')).toEqual(['sdk is below relay-server'])
    expect(why('sdk/net/fetch.ts', '../../workers/index.ts')).toEqual(['sdk is below workers'])
  })

  it('let the composition root start workers, which then do not know it', () => {
    expect(why('sdk/obj-engines.ts', '../workers/codec/index.ts')).toEqual([])
    expect(why('sdk/obj-engines.ts', '../workers/index.ts')).toEqual(['sdk is below workers'])
    expect(why('workers/craftec/craftec-host.ts', '../../sdk/index.ts')).toEqual([])
    expect(why('workers/storage/open-piece-store.ts', '../../sdk/index.ts')).toEqual([
      'workers is below sdk/index.ts, which starts it'
    ])
  })

  it('refuse arrows between neighbours', () => {
    expect(why('sdk/net/fetch.ts', '../obj/index.ts')).toEqual(['net and obj stand side by side'])
  })

  it('refuse a domain that nobody placed', () => {
    expect(why('sdk/gossip/topic.ts', '../errors/index.ts')).toEqual([
      'gossip has no place in the layers: add it to tools/import-rules.ts'
    ])
  })
})

describe('doors', () => {
  it('are the only way into a folder', () => {
    expect(why('sdk/net/fetch.ts', '../p2p/channel.ts')).toEqual(['reaches into sdk/p2p: use its index.ts'])
    expect(why('sdk/net/circuit/cell.ts', '../onion/create.ts')).toEqual([
      'reaches into sdk/net/onion: use its index.ts'
    ])
    expect(why('sdk/craftec.ts', './net/onion/index.ts')).toEqual(['reaches into sdk/net/onion: use its index.ts'])
    expect(why('relay-server/cli.ts', '../sdk/net/onion/index.ts')).toEqual([
      'reaches into sdk/net/onion: use its index.ts'
    ])
    expect(why('relay-server/cli/main.ts', '../egress/policy.ts')).toEqual([
      'reaches into relay-server/egress: use its index.ts'
    ])
  })

  it('open for nested folders of the same domain', () => {
    expect(why('sdk/net/circuit/cell.ts', '../onion/index.ts')).toEqual([])
    expect(why('sdk/net/circuit/cell.ts', '../limits.ts')).toEqual([])
    expect(why('sdk/net/circuit/cell.ts', './frame.ts')).toEqual([])
  })

  it('are optional inside a domain, never for its neighbours', () => {
    expect(why('relay-server/webtransport/server.ts', './h3/frames.ts', false)).toEqual([])
    expect(why('relay-server/webtransport/quiche/socket.ts', '../h3/frames.ts', false)).toEqual([])
    expect(why('relay-server/egress/tcp.ts', '../webtransport/h3/frames.ts', false)).toHaveLength(1)
    expect(why('sdk/net/fetch.ts', '../p2p/channel.ts', false)).toHaveLength(1)
  })

  it('have side doors where the package exports a part by itself', () => {
    expect(why('chain/settlement/set-up.ts', '../../sdk/settlement/operator/index.ts')).toEqual([])
    expect(why('chain/settlement/set-up.ts', '../../sdk/settlement/money/index.ts')).toHaveLength(1)
    expect(why('sdk/net/fetch.ts', '../settlement/operator/index.ts')).toEqual(['net is below settlement'])
  })

  it('are not for those who live inside', () => {
    expect(why('sdk/net/fetch.ts', './index.ts')).toHaveLength(1)
    expect(why('sdk/net/circuit/cell.ts', '../index.ts')).toHaveLength(1)
    expect(why('sdk/net/fetch.test.ts', './index.ts')).toEqual([])
  })
})

describe('packages', () => {
  it('that a folder wraps are imported there only', () => {
    expect(why('sdk/p2p/node.ts', '@libp2p/webrtc')).toEqual([])
    expect(why('sdk/net/relay.ts', '@libp2p/interface')).toHaveLength(1)
    expect(why('sdk/net/relay.ts', 'libp2p')).toHaveLength(1)
    expect(why('relay-server/webtransport/listener.ts', '@libp2p/interface')).toEqual([])
    expect(why('relay-server/cli.ts', '@multiformats/multiaddr')).toHaveLength(1)
    expect(why('sdk/net/pay.ts', '@solana/web3.js')).toHaveLength(1)
    expect(why('test/bench/links.ts', '@libp2p/websockets')).toEqual([])
  })

  it('of Node stay out of what runs in browsers', () => {
    expect(why('sdk/crypto/node.ts', 'node:crypto')).toHaveLength(1)
    expect(why('sdk/crypto/node.test.ts', 'node:crypto')).toEqual([])
    expect(why('relay-server/egress/tcp.ts', 'node:net')).toEqual([])
  })
})

describe('the check as npm test runs it', () => {
  const root = mkdtempSync(join(tmpdir(), 'check-imports-'))
  afterAll(() => rmSync(root, { recursive: true }))
  const check = (): { status: number | null; text: string } => {
    const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/check-imports.ts', root], {
      encoding: 'utf8'
    })
    return { status, text: stdout + stderr }
  }
  const write = (file: string, source: string): void => {
    mkdirSync(dirname(join(root, file)), { recursive: true })
    writeFileSync(join(root, file), source)
  }

  it('fails on a folder with nothing to check', () => {
    expect(check().status).toBe(1)
  })

  it('passes a clean tree and fails once an import, a type or a dynamic import breaks a rule', () => {
    write('sdk/codec/bytes.ts', "import { CraftecError } from '../errors/index.ts'\n")
    expect(check()).toEqual({ status: 0, text: '1 files, 1 imports, 0 broken rules\n' })
    write(
      'sdk/codec/upward.ts',
      "import type { Node } from '../p2p/index.ts'\nexport const p = () => import('../net/fetch.ts')\n"
    )
    const { status, text } = check()
    expect(status).toBe(1)
    expect(text).toContain('sdk/codec/upward.ts: imports ../p2p/index.ts: codec is below p2p')
    expect(text).toContain('sdk/codec/upward.ts: imports ../net/fetch.ts: codec is below net')
  })
})
