import { describe, expect, it } from 'vitest'
import { CraftecError } from '../../errors/index.ts'
import { decodeContent } from './content-decoding.ts'

const PLAIN = 'private requests over onion circuits, '.repeat(500)

async function compress(text: string, format: CompressionFormat): Promise<Uint8Array> {
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream(format))
  return new Uint8Array(await new Response(stream).arrayBuffer())
}

function inPieces(data: Uint8Array, size = 100, end: 'close' | CraftecError = 'close'): ReadableStream<Uint8Array> {
  let at = 0
  return new ReadableStream({
    pull: controller => {
      if (at < data.length) controller.enqueue(data.slice(at, at + size))
      else if (end === 'close') controller.close()
      else controller.error(end)
      at += size
    }
  })
}

async function read(stream: ReadableStream<Uint8Array>): Promise<string> {
  return new Response(stream as ReadableStream<Uint8Array<ArrayBuffer>>).text()
}

async function codeOf(task: Promise<unknown>): Promise<string> {
  return task.then(
    () => 'clean end',
    error => (error instanceof CraftecError ? error.code : `untyped: ${String(error)}`)
  )
}

describe('decodeContent', () => {
  it.each<[string, CompressionFormat]>([
    ['gzip', 'gzip'],
    ['x-gzip', 'gzip'],
    ['DEFLATE', 'deflate'],
    ['identity, gzip', 'gzip']
  ])('undoes "%s"', async (header, format) => {
    expect(await read(decodeContent(inPieces(await compress(PLAIN, format)), header))).toBe(PLAIN)
  })

  it('undoes two codings, the last one first', async () => {
    const inner = await compress(PLAIN, 'deflate')
    const stream = new Blob([inner as Uint8Array<ArrayBuffer>]).stream().pipeThrough(new CompressionStream('gzip'))
    const outer = new Uint8Array(await new Response(stream).arrayBuffer())
    expect(await read(decodeContent(inPieces(outer), 'deflate, gzip'))).toBe(PLAIN)
  })

  it.each([null, '', 'identity', 'br', 'gzip, br'])('leaves a body with "%s" as it came', async header => {
    expect(await read(decodeContent(inPieces(new TextEncoder().encode('as is')), header))).toBe('as is')
  })

  it('an empty body of a coding is empty', async () => {
    expect(await read(decodeContent(inPieces(new Uint8Array(0)), 'gzip'))).toBe('')
  })

  it.each<CompressionFormat>(['gzip', 'deflate'])('%s data cut anywhere is an error, never an end', async format => {
    const whole = await compress(PLAIN, format)
    for (const keep of [1, 5, 12, Math.floor(whole.length / 2), whole.length - 5, whole.length - 1]) {
      expect(await codeOf(read(decodeContent(inPieces(whole.subarray(0, keep)), format)))).toBe('body-truncated')
    }
  })

  it('broken data is an error, never an end', async () => {
    const broken = await compress(PLAIN, 'gzip')
    broken.fill(0xff, 20, 60)
    expect(await codeOf(read(decodeContent(inPieces(broken), 'gzip')))).toMatch(/^(http-malformed|body-truncated)$/)
  })

  it('an error of the link stays what it was', async () => {
    const gone = new CraftecError('circuit-destroyed', 'a relay went away')
    const whole = await compress(PLAIN, 'gzip')
    await expect(read(decodeContent(inPieces(whole.subarray(0, 50), 10, gone), 'gzip'))).rejects.toBe(gone)
  })

  it('refuses to undo three codings', () => {
    expect(() => decodeContent(inPieces(new Uint8Array(1)), 'gzip, gzip, gzip')).toThrow(
      expect.objectContaining({ code: 'http-malformed' })
    )
  })
})
