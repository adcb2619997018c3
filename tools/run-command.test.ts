import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { runCommand } from './run-command.ts'

const options = { cwd: '.', timeoutMs: 10_000 }
const node = (source: string): string[] => [process.execPath, '-e', source]

describe('runCommand', () => {
  it('tells the exit code and what was printed on both outputs', async () => {
    const result = await runCommand(node("console.log('out'); console.error('err'); process.exit(3)"), options)
    expect(result.code).toBe(3)
    expect(result.output).toContain('out')
    expect(result.output).toContain('err')
  })

  it('has no code for a program that does not exist or was killed', async () => {
    expect((await runCommand(['no-such-program-here'], options)).code).toBeUndefined()
    expect((await runCommand(node("process.kill(process.pid, 'SIGKILL')"), options)).code).toBeUndefined()
  })

  it('ends a program that outlives its deadline', async () => {
    const result = await runCommand(node('setInterval(() => {}, 1000)'), { ...options, timeoutMs: 300 })
    expect(result.code).toBeUndefined()
    expect(result.output).toContain('took longer than 0.3 s')
  })

  it('leaves no grandchild behind', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const grandchild = `require('node:net').connect(${port}, '127.0.0.1', () => console.log('connected'))`
    const child =
      `const c = require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(grandchild)}]);` +
      "c.stdout.once('data', () => process.exit(0))"
    const connected = once(server, 'connection')
    const result = runCommand(node(child), options)
    const [socket] = (await connected) as [Socket]
    const closed = once(
      socket.on('error', () => {}),
      'close'
    )
    await result
    await closed
    server.close()
  })
})
