import { describe, expect, it } from 'vitest'
import { CraftecError } from '../../sdk/errors/index.ts'
import { createRelayLogger, type LogLevel } from './relay-logger.ts'

function logTo(level: LogLevel): { lines: string[]; logger: ReturnType<typeof createRelayLogger> } {
  const lines: string[] = []
  return { lines, logger: createRelayLogger(level, { write: line => lines.push(line) }) }
}

describe('relay log', () => {
  it('writes one JSON object a line, without host name or process id', () => {
    const { lines, logger } = logTo('info')
    logger.info('started', { transports: ['websocket'], circuits: 3 })
    expect(JSON.parse(lines[0] ?? '')).toEqual({
      level: 'info',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      event: 'started',
      transports: ['websocket'],
      circuits: 3
    })
  })

  it('logs errors by code and place, never by their message, which may quote addresses', () => {
    const { lines, logger } = logTo('info')
    const cause = Object.assign(new Error('connect ECONNREFUSED 192.0.2.7:443'), { code: 'ECONNREFUSED' })
    logger.error('link-lost', new CraftecError('link-failed', 'secret.example refused', { cause }))
    logger.fatal('crash', cause)
    logger.error('odd', 'text 192.0.2.7')
    logger.debug('peer', { peer: '12D3KooW' })
    const text = lines.join('')
    expect(text).not.toMatch(/192\.0\.2\.7|secret\.example|12D3KooW/)
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ level: 'error', code: 'link-failed', cause: 'ECONNREFUSED' })
    expect(JSON.parse(lines[1] ?? '')).toMatchObject({ level: 'fatal', code: 'ECONNREFUSED' })
    expect(lines).toHaveLength(3)
  })

  it('tells more at debug, and nothing at all when silent', () => {
    const { lines, logger } = logTo('debug')
    logger.error('link-lost', new Error('192.0.2.7'))
    expect(lines.join('')).toContain('192.0.2.7')
    const silent = logTo('silent')
    silent.logger.fatal('crash', new Error('x'))
    expect(silent.lines).toEqual([])
  })
})
