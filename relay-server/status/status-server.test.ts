import { afterEach, describe, expect, it } from 'vitest'
import { createRelayMetrics, type RelaySnapshot } from './relay-metrics.ts'
import { type StatusServer, startStatusServer } from './status-server.ts'

const EMPTY: RelaySnapshot = {
  circuitsOpen: 0,
  streamsOpen: 0,
  queuedBytes: 0,
  peers: 0,
  onionLinks: 0,
  draining: false,
  directoryNodes: 0,
  holderRecords: 0,
  storedBytes: 0,
  storedPieces: 0,
  storedContents: 0,
  storageQuotaBytes: 0,
  exitConnections: 0,
  circuits: {},
  circuitRefusals: {},
  exitRefusals: {},
  cells: {},
  bytes: {},
  events: {}
}

describe('status server', () => {
  let server: StatusServer | undefined
  afterEach(() => server?.stop())

  const start = async (snapshot: () => RelaySnapshot, notReady: () => string | undefined = () => undefined) => {
    const metrics = createRelayMetrics(snapshot, { version: '1.2.3' })
    server = await startStatusServer({ notReady, metrics: metrics.text }, { host: '127.0.0.1', port: 0 })
    const { port } = server
    return (path: string, init?: RequestInit) => fetch(`http://127.0.0.1:${port}${path}`, init)
  }

  it('is healthy at once and ready when the node says so', async () => {
    let why: string | undefined = 'no bootstrap node answered'
    const get = await start(
      () => EMPTY,
      () => why
    )
    expect((await get('/healthz')).status).toBe(200)
    const waiting = await get('/readyz')
    expect([waiting.status, await waiting.text()]).toEqual([503, 'no bootstrap node answered\n'])
    why = undefined
    expect((await get('/readyz')).status).toBe(200)
    expect((await get('/other')).status).toBe(404)
    expect((await get('/metrics', { method: 'POST' })).status).toBe(405)
  })

  it('shows the totals of the moment, not sums of scrapes', async () => {
    let cells = 5
    const get = await start(() => ({
      ...EMPTY,
      circuitsOpen: 2,
      cells: { forward: cells },
      exitRefusals: { 'exit-refused': 3 }
    }))
    await get('/metrics')
    cells = 7
    const text = await (await get('/metrics')).text()
    expect(text).toContain('craftec_circuits_open 2\n')
    expect(text).toContain('craftec_cells_total{direction="forward"} 7\n')
    expect(text).toContain('craftec_exit_refusals_total{reason="exit-refused"} 3\n')
    expect(text).toContain('craftec_build_info{version="1.2.3"} 1\n')
    expect(text).toMatch(/nodejs_eventloop_lag_seconds \d/)
    expect(text).toMatch(/# TYPE craftec_cells_total counter/)
  })

  it('says which setting to change when the port is taken', async () => {
    await start(() => EMPTY)
    await expect(
      startStatusServer(
        { notReady: () => undefined, metrics: async () => '' },
        { host: '127.0.0.1', port: server?.port ?? 0 }
      )
    ).rejects.toMatchObject({ code: 'config-invalid', message: expect.stringContaining('metrics.port') })
  })
})
