import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { configOptions } from './config-options.ts'
import { type ConfigInput, loadConfig } from './load-config.ts'

describe('configuration', () => {
  let folder: string
  let file: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'craftec-config-'))
    file = join(folder, 'relay.yaml')
  })
  afterEach(() => rm(folder, { recursive: true }))

  const load = async (text: string, rest: Omit<ConfigInput, 'file'> = {}) => {
    await writeFile(file, text)
    return loadConfig({ file, ...rest })
  }
  const problems = async (text: string, rest: Omit<ConfigInput, 'file'> = {}): Promise<string[]> => {
    const error = await load(text, rest).then(
      () => undefined,
      (reason: unknown) => reason
    )
    expect(error).toMatchObject({ code: 'config-invalid' })
    return (error as Error).message.split('\n').map(line => line.replaceAll(file, 'F'))
  }

  it('works without any file: a relay with sane limits and local metrics', async () => {
    const config = await loadConfig({})
    expect(config.roles).toEqual(['relay'])
    expect(config.metrics).toEqual({ enabled: true, host: '127.0.0.1', port: 9464 })
    expect(config.exit.policy).toContain('accept *:443')
  })

  it('lets flags beat variables, variables beat the file, and the file beat defaults', async () => {
    const text = 'metrics: { port: 1, host: "127.0.0.2" }\nroles: [exit]\n'
    const config = await load(text, {
      environment: {
        CRAFTEC_METRICS_PORT: '2',
        CRAFTEC_LIMITS_CIRCUITS: '7',
        CRAFTEC_ROLES: 'relay, exit',
        PATH: '/bin'
      },
      flags: { '--metrics-port': '3' }
    })
    expect(config.metrics).toEqual({ enabled: true, host: '127.0.0.2', port: 3 })
    expect(config.limits.circuits).toBe(7)
    expect(config.roles).toEqual(['relay', 'exit'])
  })

  it('reads JSON, with the same positions', async () => {
    expect((await load('{ "roles": ["exit"], "log": { "level": "warn" } }')).log.level).toBe('warn')
    expect(await problems('{\n  "log": { "level": "loud" } }')).toEqual([
      expect.stringMatching(/^F:2:21: log\.level: expected one of .*"warn"/)
    ])
  })

  it('reports every problem at its line and column, with the path of the key', async () => {
    const text = [
      'roles: [relay, exti]',
      'metrics:',
      '  port: many',
      'limits:',
      '  circuits: 0',
      'descriptor: { country: de }'
    ].join('\n')
    expect(await problems(text)).toEqual([
      expect.stringMatching(/^F:1:16: roles\.1: expected one of "relay"\|"exit"/),
      expect.stringMatching(/^F:6:24: descriptor\.country: expected an ISO 3166 code/),
      expect.stringMatching(/^F:5:13: limits\.circuits: expected number to be >=1/),
      expect.stringMatching(/^F:3:9: metrics\.port: expected number, received string/)
    ])
  })

  it('refuses unknown keys with a suggestion', async () => {
    expect(await problems('metrics:\n  prot: 1\nrolls: [relay]\nzebra: 1\n')).toEqual([
      'F:2:3: metrics.prot: no such setting; did you mean "port"?',
      'F:3:1: rolls: no such setting; did you mean "roles"?',
      'F:4:1: zebra: no such setting'
    ])
  })

  it('names the variable or the flag that is wrong', async () => {
    expect(await problems('', { environment: { CRAFTEC_METRICS_PORT: 'x' } })).toEqual([
      'environment variable CRAFTEC_METRICS_PORT: metrics.port: expected number, received string'
    ])
    expect(await problems('metrics: { port: 1 }', { flags: { '--metrics-port': '70000' } })).toEqual([
      '--metrics-port: metrics.port: expected number to be <=65535'
    ])
    expect(await problems('', { environment: { CRAFTEC_METRICS_PROT: '1' } })).toEqual([
      'environment variable CRAFTEC_METRICS_PROT: no such setting; did you mean "CRAFTEC_METRICS_PORT"?'
    ])
  })

  it('checks exit policy lines where they stand', async () => {
    expect(await problems('exit:\n  policy:\n    - accept *:80\n    - accept *:99999\n')).toEqual([
      'F:4:7: exit.policy.1: ports 99999-99999 are not within 1-65535'
    ])
  })

  it('checks addresses: metrics host, DNS servers, static hosts, bootstrap', async () => {
    const text = [
      'metrics: { host: localhost }',
      'exit: { dnsServers: [dns.example], hosts: { a.example: [nowhere] } }',
      'bootstrap: [/ip4/192.0.2.1/tcp/4001/ws]'
    ].join('\n')
    expect((await problems(text)).sort()).toEqual([
      expect.stringMatching(/^F:1:18: metrics\.host: expected an IP address/),
      expect.stringMatching(/^F:2:22: exit\.dnsServers\.0: expected ADDRESS or ADDRESS:PORT/),
      expect.stringMatching(/^F:2:57: exit\.hosts\.a\.example\.0: expected an IP address/),
      expect.stringMatching(/^F:3:13: bootstrap\.0: expected a multiaddr that ends in/)
    ])
    expect((await load('exit: { dnsServers: ["[::1]:5353", 9.9.9.9] }')).exit.dnsServers).toHaveLength(2)
  })

  it('reports syntax errors, a file that is not settings, duplicate keys and alias bombs', async () => {
    expect((await problems('roles: [relay\nlog: {'))[0]).toMatch(/^F:\d+:\d+: /)
    expect(await problems('- relay')).toEqual(['F:1:1: expected settings, "key: value"'])
    expect((await problems('drainSeconds: 1\ndrainSeconds: 2'))[0]).toMatch(/^F:2:1: .*unique/)
    const bomb = ['a: &a [x,x,x,x,x,x,x,x]', 'b: &b [*a,*a,*a,*a,*a,*a,*a,*a]', 'c: [*b,*b,*b,*b,*b,*b,*b,*b]'].join(
      '\n'
    )
    expect((await problems(bomb))[0]).toMatch(/alias/i)
    expect(await problems('').catch(() => 'empty file is fine')).toBe('empty file is fine')
  })

  it('says which file cannot be read', async () => {
    await expect(loadConfig({ file: join(folder, 'none.yaml') })).rejects.toMatchObject({
      code: 'config-invalid',
      message: expect.stringContaining('none.yaml: cannot be read (ENOENT)')
    })
  })

  it('gives every setting a description, and names that do not collide', () => {
    const options = configOptions()
    expect(options.filter(option => option.description === '')).toEqual([])
    expect(new Set(options.map(option => option.flag)).size).toBe(options.length)
    expect(options.map(option => option.flag)).toContain('--listen-webrtc-direct')
    expect(options.map(option => option.variable)).toContain('CRAFTEC_DESCRIPTOR_BANDWIDTH_KIBPS')
  })
})
