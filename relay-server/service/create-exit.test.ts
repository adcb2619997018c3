import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { loadConfig, type RelayConfig } from '../config/index.ts'
import { parseIpAddress } from '../egress/index.ts'
import { createConfiguredExit } from './create-exit.ts'

describe('exit as configured', () => {
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'craftec-exit-'))
  })
  afterEach(() => rm(folder, { recursive: true }))

  const configure = async (exit: Partial<RelayConfig['exit']>, announce: string[] = []) => {
    const config = await loadConfig({})
    return createConfiguredExit({ ...config, announce, exit: { ...config.exit, ...exit } })
  }
  const address = (text: string) => {
    const parsed = parseIpAddress(text)
    if (parsed === undefined) throw new Error(`not an address: ${text}`)
    return parsed
  }

  it('matches the lines of the file after those of the settings', async () => {
    const policyFile = join(folder, 'policy')
    await writeFile(policyFile, '# ours\r\naccept 8.8.8.8:53\r\naccept *:443\n')
    const { policy } = await configure({ policy: ['reject 8.8.8.8:443'], policyFile })
    expect(policy.allows(address('8.8.8.8'), 53)).toBe(true)
    expect(policy.allows(address('8.8.8.8'), 443)).toBe(false)
    expect(policy.allows(address('1.1.1.1'), 443)).toBe(true)
  })

  it('names the file and its own line when a rule is wrong', async () => {
    const policyFile = join(folder, 'policy')
    await writeFile(policyFile, 'accept *:80\nacept *:443\n')
    await expect(configure({ policyFile })).rejects.toMatchObject({
      code: 'config-invalid',
      message: expect.stringMatching(/policy: exit policy, line 2: .*acept/)
    })
    await expect(configure({ policyFile: join(folder, 'none') })).rejects.toMatchObject({ code: 'config-invalid' })
    await expect(configure({ blocklists: [join(folder, 'none')] })).rejects.toMatchObject({ code: 'config-invalid' })
  })

  it('never opens the addresses of the machine itself, nor those it announces, to a wildcard', async () => {
    const own = Object.values(networkInterfaces()).flatMap(entries => (entries ?? []).map(entry => entry.address))
    const { policy } = await configure({ policy: ['accept *:*'] }, ['/ip4/93.184.216.34/tcp/4001/ws'])
    for (const text of [...own.map(entry => entry.replace(/%.*$/, '')), '93.184.216.34']) {
      expect(policy.allows(address(text), 80)).toBe(false)
    }
    expect(policy.allows(address('93.184.216.35'), 80)).toBe(true)
  })

  it('judges static hosts like any other name', async () => {
    const { backend } = await configure({ policy: ['accept *:*'], hosts: { 'Inside.example': ['127.0.0.1'] } })
    const { signal } = new AbortController()
    await expect(backend.connect({ host: 'inside.example', port: 80 }, { signal })).rejects.toMatchObject({
      code: 'exit-refused'
    })
    backend.stop()
  })
})
