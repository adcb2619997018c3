import { execFileSync } from 'node:child_process'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { encodeHex } from '../sdk/codec/index.ts'
import { identityFromSeed } from '../sdk/identity/index.ts'
import { createKeyFile, readKeyFile, readOrCreateKeyFile } from './key-file.ts'

let folder: string
let path: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'craftec-key-'))
  path = join(folder, 'node', 'identity.key')
})
afterEach(() => rm(folder, { recursive: true }))

const coded = (code: string, message: RegExp = /./): unknown =>
  expect.objectContaining({ code, message: expect.stringMatching(message) })
const mode = async (of: string): Promise<number> => (await stat(of)).mode & 0o777

describe('key file', () => {
  it('is made with mode 0600 in a directory of mode 0700, whatever the umask, and nothing is left beside it', async () => {
    const umask = process.umask(0)
    try {
      const seed = await createKeyFile(path)
      expect(seed).toHaveLength(32)
      expect(await readKeyFile(path)).toEqual(seed)
    } finally {
      process.umask(umask)
    }
    expect(await mode(path)).toBe(0o600)
    expect(await mode(join(folder, 'node'))).toBe(0o700)
    expect(await readdir(join(folder, 'node'))).toEqual(['identity.key'])
  })

  it('says in its text which version it is and whose key', async () => {
    const seed = await createKeyFile(path, () => new Uint8Array(32).fill(0xab))
    expect(await readFile(path, 'latin1')).toBe(`craftec-key-1 ${'ab'.repeat(32)} ${identityFromSeed(seed).did}\n`)
  })

  it('is never overwritten', async () => {
    const seed = await createKeyFile(path)
    await expect(createKeyFile(path)).rejects.toEqual(coded('invalid-argument', /exists/))
    expect(await readKeyFile(path)).toEqual(seed)
    expect(await readdir(join(folder, 'node'))).toEqual(['identity.key'])
  })

  it('is one, however many start at once', async () => {
    const starts = await Promise.all(Array.from({ length: 8 }, () => readOrCreateKeyFile(path)))
    expect(new Set(starts.map(one => encodeHex(one.seed))).size).toBe(1)
    expect(starts.filter(one => one.created)).toHaveLength(1)
    expect(await readOrCreateKeyFile(path)).toEqual({ seed: starts[0]?.seed, created: false })
  })

  it.each([0o640, 0o604, 0o660, 0o644, 0o610, 0o777])('with mode %o is refused, and the advice works', async bits => {
    const seed = await createKeyFile(path)
    await chmod(path, bits)
    const failure = await readKeyFile(path).catch((error: Error) => error.message)
    const advice = /chmod 600 '.*'/.exec(String(failure))?.[0]
    expect(advice).toBe(`chmod 600 '${path}'`)
    await expect(readOrCreateKeyFile(path)).rejects.toEqual(coded('key-file-unsafe'))
    execFileSync('sh', ['-c', advice ?? 'false'])
    expect(await readKeyFile(path)).toEqual(seed)
  })

  it('may be named by a symbolic link, as secret mounts do; the mode that counts is the file’s', async () => {
    const seed = await createKeyFile(path)
    await symlink(path, join(folder, 'link'))
    expect(await readKeyFile(join(folder, 'link'))).toEqual(seed)
    await chmod(path, 0o644)
    await expect(readKeyFile(join(folder, 'link'))).rejects.toEqual(coded('key-file-unsafe'))
  })

  it('that is a directory, a FIFO or absent is key-file-unsafe, without waiting', async () => {
    await mkdir(path, { recursive: true })
    await expect(readKeyFile(path)).rejects.toEqual(coded('key-file-unsafe', /regular/))
    execFileSync('sh', ['-c', 'mkfifo -m 600 "$1"', 'sh', join(folder, 'fifo')])
    await expect(readKeyFile(join(folder, 'fifo'))).rejects.toEqual(coded('key-file-unsafe', /regular/))
    await expect(readKeyFile(join(folder, 'absent'))).rejects.toEqual(coded('key-file-unsafe', /does not exist/))
  })

  it.each([
    ['empty', '', /0 bytes/],
    ['32 raw bytes', '\u0001'.repeat(32), /32 bytes/],
    [
      'a later version',
      `craftec-key-2 ${'ab'.repeat(32)} did:craftec:11111111111111111111111111111111`,
      /craftec-key-1/
    ],
    ['huge', 'x'.repeat(100_000), /more than 256/]
  ])('that is %s is malformed, and kept', async (_, text, message) => {
    await mkdir(join(folder, 'node'))
    await writeFile(path, text, { mode: 0o600 })
    await expect(readOrCreateKeyFile(path)).rejects.toEqual(coded('malformed', message))
    expect(await readFile(path, 'utf8')).toBe(text)
  })

  it('with any one character damaged, or cut anywhere, is malformed', async () => {
    await createKeyFile(path)
    const text = await readFile(path, 'latin1')
    for (let at = 0; at < text.length - 1; at++) {
      const damaged = text.slice(0, at) + (text[at] === '7' ? '8' : '7') + text.slice(at + 1)
      await writeFile(path, damaged)
      await expect(readKeyFile(path)).rejects.toEqual(coded('malformed'))
    }
    await writeFile(path, text)
    for (let length = 0; length < text.length - 1; length += 7) {
      await truncate(path, length)
      await expect(readKeyFile(path)).rejects.toEqual(coded('malformed'))
      await writeFile(path, text)
    }
  })

  it('that cannot be written is storage-unavailable', async () => {
    await writeFile(join(folder, 'node'), 'in the way')
    await expect(createKeyFile(path)).rejects.toEqual(coded('storage-unavailable'))
    await expect(createKeyFile('/proc/identity.key')).rejects.toEqual(coded('storage-unavailable'))
  })
})
