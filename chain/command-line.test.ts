import { describe, expect, it } from 'vitest'
import { parseCommandLine } from './command-line.ts'

describe('parseCommandLine', () => {
  it('defaults to the port that Solana tools look for, and to a chain without a file or test methods', () => {
    expect(parseCommandLine([])).toEqual({
      port: 8899,
      stateFile: undefined,
      slotMs: 400,
      testMethods: false,
      json: false,
      help: false
    })
  })

  it('takes what it is told', () => {
    const args = ['--port', '0', '--state', 'x.state', '--slot-ms', '50', '--test-methods', '--json']
    expect(parseCommandLine(args)).toMatchObject({
      port: 0,
      stateFile: 'x.state',
      slotMs: 50,
      testMethods: true,
      json: true
    })
  })

  it.each([
    [['--prot', '1']],
    [['--port', '65535']],
    [['--port', '-1']],
    [['--port', '1e3']],
    [['--slot-ms', '0']],
    [['extra']]
  ])('refuses %j', args => {
    expect(() => parseCommandLine(args)).toThrow(expect.objectContaining({ code: 'config-invalid' }))
  })
})
