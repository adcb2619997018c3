/**
 * A chain in one file: magic, format version, SHA-256 of the rest, then the state. It is replaced whole and never edited, so that
 * a crash in the middle of a save leaves the previous one.
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import { open, readFile, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { deserialize, serialize } from 'node:v8'
import { CraftecError } from '../../sdk/errors/index.ts'
import type { ChainKeys } from '../faucet/index.ts'
import type { LedgerState } from '../ledger/index.ts'

export interface ChainState {
  readonly genesisHash: string
  readonly aheadSeconds: bigint
  readonly keys: ChainKeys
  readonly ledger: LedgerState
}

const MAGIC = new TextEncoder().encode('craftec-chain\0')
/** Raise it with every change of {@link ChainState}: older files are then refused with advice. */
const VERSION = 1
const HASH_BYTES = 32
const HEAD_BYTES = MAGIC.length + 1 + HASH_BYTES

/** @throws what the file system throws */
export async function saveState(path: string, state: ChainState): Promise<void> {
  // v8.serialize because the state is plain values with bigint and bytes in them, and only this program reads it back.
  const body = serialize(state)
  const head = new Uint8Array(HEAD_BYTES)
  head.set(MAGIC)
  head[MAGIC.length] = VERSION
  head.set(hash(body), MAGIC.length + 1)
  const temporary = `${path}.${process.pid}.new`
  try {
    const file = await open(temporary, 'w', 0o600)
    try {
      await file.writev([head, body])
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
  await syncFolder(dirname(path))
}

/**
 * @returns undefined when there is no such file
 * @throws CraftecError `malformed` when the file is damaged or of another version: a chain is never silently begun anew
 */
export async function loadState(path: string): Promise<ChainState | undefined> {
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (bytes === undefined) return undefined
  const damaged = (why: string): CraftecError =>
    new CraftecError('malformed', `${path}: ${why}; delete it to begin a new chain`)
  if (bytes.length < HEAD_BYTES || MAGIC.some((byte, index) => bytes[index] !== byte)) {
    throw damaged('not the state of a chain')
  }
  const version = bytes[MAGIC.length]
  if (version !== VERSION) throw damaged(`written by version ${version} of this format, this is ${VERSION}`)
  const body = bytes.subarray(HEAD_BYTES)
  if (!timingSafeEqual(hash(body), bytes.subarray(MAGIC.length + 1, HEAD_BYTES))) throw damaged('damaged')
  return deserialize(body)
}

function hash(bytes: Uint8Array): Uint8Array {
  return createHash('sha256').update(bytes).digest()
}

/** The new name is only safe from a power cut when the folder is on disk too. Windows cannot open a folder. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
