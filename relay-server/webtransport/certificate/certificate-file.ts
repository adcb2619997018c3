/** The certificate set on disk: so that addresses, which name certificates by hash, survive a restart. */
import { chmod, mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { CraftecError } from '../../../sdk/errors/index.ts'
import type { CertificateSet } from './certificate-set.ts'
import { readTlsCertificate } from './self-signed-certificate.ts'
import type { TlsCertificate } from './tls-certificate.ts'

const FORMAT = 1
const MAX_FILE_BYTES = 64 * 1024
const OTHERS_CAN_ACCESS = 0o077

/**
 * @returns `undefined` when there is no file yet
 * @throws CraftecError `key-file-unsafe` when others may read it, `malformed` when it is not a certificate set
 */
export async function loadCertificateSet(path: string): Promise<CertificateSet | undefined> {
  const info = await stat(path).catch(absent)
  if (info === undefined) return undefined
  if (process.platform !== 'win32' && (info.mode & OTHERS_CAN_ACCESS) !== 0)
    throw new CraftecError('key-file-unsafe', 'others can read the WebTransport certificate file: set its mode to 600')
  if (info.size > MAX_FILE_BYTES) throw notASet()
  try {
    const stored: unknown = JSON.parse(await readFile(path, 'utf8'))
    if (typeof stored !== 'object' || stored === null) throw notASet()
    const fields = stored as Record<string, unknown>
    if (fields.format !== FORMAT) throw notASet()
    return {
      previous: fields.previous === undefined ? undefined : readEntry(fields.previous),
      current: readEntry(fields.current),
      next: readEntry(fields.next)
    }
  } catch (cause) {
    throw cause instanceof CraftecError ? cause : notASet(cause)
  }
}

/** Replaces the file as a whole, so that a crash leaves the old or the new one. Mode 600. */
export async function saveCertificateSet(path: string, set: CertificateSet): Promise<void> {
  const entries = {
    format: FORMAT,
    ...(set.previous === undefined ? {} : { previous: entryOf(set.previous) }),
    current: entryOf(set.current),
    next: entryOf(set.next)
  }
  const draft = `${path}.new`
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  await writeFile(draft, `${JSON.stringify(entries, undefined, 2)}\n`, { mode: 0o600 })
  await chmod(draft, 0o600) // an old draft keeps its mode otherwise
  await rename(draft, path)
}

function entryOf({ certificatePem, privateKeyPem }: TlsCertificate): Record<string, string> {
  return { certificatePem, privateKeyPem }
}

function readEntry(value: unknown): TlsCertificate {
  const entry = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>
  if (typeof entry.certificatePem !== 'string' || typeof entry.privateKeyPem !== 'string') throw notASet()
  return readTlsCertificate(entry.certificatePem, entry.privateKeyPem)
}

function absent(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
  throw error
}

function notASet(cause?: unknown): CraftecError {
  return new CraftecError(
    'malformed',
    'the WebTransport certificate file cannot be read; delete it to start with new certificates (old addresses end)',
    { cause }
  )
}
