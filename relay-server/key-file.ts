/**
 * The node's identity on disk: one line, `craftec-key-1 <seed, 64 hex digits> <did>`.
 *
 * Text, because operators paste keys into secret stores that mangle raw bytes; versioned, so that another kind of key can
 * follow; with the DID, so that one sees whose key it is, and because a damaged seed must not start a stranger's node.
 */
import { constants, type Stats } from 'node:fs'
import { type FileHandle, link, mkdir, open, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { type RandomBytes, systemRandom } from '../sdk/async/index.ts'
import { decodeHex, encodeHex } from '../sdk/codec/index.ts'
import { KEY_BYTES } from '../sdk/crypto/index.ts'
import { CraftecError } from '../sdk/errors/index.ts'
import { identityFromSeed } from '../sdk/identity/index.ts'

const LINE = /^craftec-key-1 ([0-9a-f]{64}) (did:craftec:[1-9A-HJ-NP-Za-km-z]{32,44})\n?$/
/** The longest valid file has 136 bytes. */
const MAX_FILE_BYTES = 256
const OWNER_ONLY = 0o600
const DIRECTORY_OWNER_ONLY = 0o700
const GROUP_AND_OTHERS = 0o077

/**
 * @returns the 32-byte Ed25519 seed
 * @throws CraftecError `key-file-unsafe` when anyone but its owner may open the file, or it cannot be read (the message
 * has the command to run); `malformed` when it is no key file or was damaged
 */
export async function readKeyFile(path: string): Promise<Uint8Array> {
  const seed = await readIfPresent(path)
  if (seed === undefined) throw new CraftecError('key-file-unsafe', `key file ${path} does not exist`)
  return seed
}

/**
 * Write a fresh key. The file appears complete or not at all, mode 0600; missing directories are made with mode 0700.
 * An existing file is never overwritten.
 * @returns the 32-byte Ed25519 seed
 * @throws CraftecError `invalid-argument` when `path` exists; `storage-full`; `storage-unavailable` when it cannot be written
 */
export async function createKeyFile(path: string, random: RandomBytes = systemRandom): Promise<Uint8Array> {
  const seed = await createIfAbsent(path, random)
  if (seed === undefined) throw new CraftecError('invalid-argument', `key file ${path} exists; it is kept`)
  return seed
}

/**
 * The key at `path`, made first if there is none. Two processes that start together end up with the same key.
 * @throws CraftecError as {@link readKeyFile} and {@link createKeyFile}
 */
export async function readOrCreateKeyFile(path: string): Promise<{ seed: Uint8Array; created: boolean }> {
  // Read first: the key may lie on a read-only mount.
  const existing = await readIfPresent(path)
  if (existing !== undefined) return { seed: existing, created: false }
  const fresh = await createIfAbsent(path, systemRandom)
  return fresh === undefined ? { seed: await readKeyFile(path), created: false } : { seed: fresh, created: true }
}

async function readIfPresent(path: string): Promise<Uint8Array | undefined> {
  const file = await openToRead(path)
  if (file === undefined) return undefined
  try {
    // Of the open file, not of the path: nothing can be swapped between the check and the read.
    checkAccess(path, await file.stat())
    const buffer = new Uint8Array(MAX_FILE_BYTES + 1)
    const { bytesRead } = await file.read(buffer, 0, buffer.length, 0)
    return parseKeyFile(path, new TextDecoder('latin1').decode(buffer.subarray(0, bytesRead)))
  } finally {
    await file.close()
  }
}

async function createIfAbsent(path: string, random: RandomBytes): Promise<Uint8Array | undefined> {
  const seed = random(KEY_BYTES)
  const directory = dirname(path)
  const draft = `${path}.${encodeHex(systemRandom(8))}.new`
  try {
    await mkdir(directory, { recursive: true, mode: DIRECTORY_OWNER_ONLY })
    try {
      await writeDurably(draft, `craftec-key-1 ${encodeHex(seed)} ${identityFromSeed(seed).did}\n`)
      const made = await linkUnlessPresent(draft, path)
      await syncDirectory(directory)
      return made ? seed : undefined
    } finally {
      await rm(draft, { force: true })
    }
  } catch (cause) {
    throw creationError(path, cause)
  }
}

/** A link, not a rename: a rename would replace a key that appeared meanwhile. */
async function linkUnlessPresent(draft: string, path: string): Promise<boolean> {
  try {
    await link(draft, path)
    return true
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false
    throw error
  }
}

async function openToRead(path: string): Promise<FileHandle | undefined> {
  try {
    // Not blocking: opening a FIFO would wait for a writer.
    return await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (cause) {
    if (errnoOf(cause) === 'ENOENT') return undefined
    const advice = errnoOf(cause) === 'EACCES' ? `; run: chown "$(id -un)" ${quoted(path)}` : ''
    throw new CraftecError('key-file-unsafe', `key file ${path} cannot be read (${errnoOf(cause)})${advice}`, { cause })
  }
}

/** The rule of ssh for private keys. Windows has no such bits; there the folder's access list has to do. */
function checkAccess(path: string, stats: Stats): void {
  if (!stats.isFile()) throw new CraftecError('key-file-unsafe', `key file ${path} is not a regular file`)
  if (process.platform === 'win32') return
  if ((stats.mode & GROUP_AND_OTHERS) !== 0)
    throw new CraftecError(
      'key-file-unsafe',
      `key file ${path} is open to others (mode ${(stats.mode & 0o777).toString(8).padStart(4, '0')}); ` +
        `if nobody had access to it, run: chmod 600 ${quoted(path)} — otherwise make a new key`
    )
  const user = process.geteuid?.()
  if (user !== undefined && stats.uid !== user && stats.uid !== 0)
    throw new CraftecError(
      'key-file-unsafe',
      `key file ${path} belongs to another user (${stats.uid}); run: chown "$(id -un)" ${quoted(path)}`
    )
}

function parseKeyFile(path: string, text: string): Uint8Array {
  const [, digits, did] = LINE.exec(text) ?? []
  if (digits === undefined || did === undefined)
    throw new CraftecError(
      'malformed',
      `key file ${path}: expected one line "craftec-key-1 <64 hex digits> <did>", found ` +
        (text.length > MAX_FILE_BYTES ? `more than ${MAX_FILE_BYTES} bytes` : `${text.length} bytes of something else`)
    )
  const seed = decodeHex(digits)
  if (identityFromSeed(seed).did !== did)
    throw new CraftecError(
      'malformed',
      `key file ${path}: the seed and the DID do not belong together; restore a backup`
    )
  return seed
}

/** The draft is on the disk, not only in the cache, before it gets the name that counts. */
async function writeDurably(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', OWNER_ONLY)
  try {
    await file.chmod(OWNER_ONLY)
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
}

async function syncDirectory(path: string): Promise<void> {
  // Windows cannot open a directory, and needs no sync of it.
  if (process.platform === 'win32') return
  const directory = await open(path, constants.O_RDONLY)
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}

function creationError(path: string, cause: unknown): CraftecError {
  const errno = errnoOf(cause)
  if (errno === 'ENOSPC' || errno === 'EDQUOT')
    return new CraftecError('storage-full', `no room for the key file ${path}; free some space and start again`, {
      cause
    })
  return new CraftecError('storage-unavailable', `key file ${path} cannot be written (${errno})`, { cause })
}

function errnoOf(error: unknown): string {
  const { code } = (error ?? {}) as { code?: unknown }
  return typeof code === 'string' ? code : 'unknown reason'
}

/** For a POSIX shell. */
function quoted(path: string): string {
  return `'${path.replaceAll("'", "'\\''")}'`
}
