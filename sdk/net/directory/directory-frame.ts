/** Messages of `/craftec/directory/1`, docs/protocol/craftnet.md §2: one request, one answer. */
import { ByteReader, ByteWriter } from '../../codec/index.ts'
import { CraftecError } from '../../errors/index.ts'
import { MAX_DESCRIPTOR_BYTES } from './descriptor-limits.ts'

export const DIRECTORY_PROTOCOL = '/craftec/directory/1'
/** The most a channel allows (p2p-channel.md). */
export const MAX_DIRECTORY_FRAME_BYTES = 256 * 1024
/** A server never gets longer ones: an ANNOUNCE of one descriptor is the largest request. */
export const MAX_REQUEST_BYTES = 1 + 2 + MAX_DESCRIPTOR_BYTES
export const MAX_PAGE_DESCRIPTORS = 64
/** kind ‖ next ‖ more ‖ count. */
const PAGE_HEADER_BYTES = 1 + 8 + 1 + 2
/** For descriptors with their lengths: 64 of the longest would not fit a frame. */
export const MAX_PAGE_BYTES = MAX_DIRECTORY_FRAME_BYTES - PAGE_HEADER_BYTES

const KIND = { list: 1, page: 2, announce: 3, taken: 4 } as const
const ANNOUNCE_RESULTS = ['taken', 'known', 'refused'] as const

export type AnnounceResult = (typeof ANNOUNCE_RESULTS)[number]

export type DirectoryRequest =
  | { readonly kind: 'list'; readonly since: bigint; readonly limit: number }
  | { readonly kind: 'announce'; readonly descriptor: Uint8Array }

export type DirectoryAnswer =
  | {
      readonly kind: 'page'
      readonly next: bigint
      readonly more: boolean
      readonly descriptors: readonly Uint8Array[]
    }
  | { readonly kind: 'taken'; readonly result: AnnounceResult }

export function encodeRequest(request: DirectoryRequest): Uint8Array {
  const writer = new ByteWriter().u8(KIND[request.kind])
  if (request.kind === 'list') return writer.u64(request.since).u16(request.limit).finish()
  return writer.bytes16(request.descriptor).finish()
}

/** @throws CraftecError `malformed` */
export function decodeRequest(frame: Uint8Array): DirectoryRequest {
  const reader = new ByteReader(frame, 'directory request')
  const kind = reader.u8()
  const request = kind === KIND.list ? readList(reader) : kind === KIND.announce ? readAnnounce(reader) : undefined
  if (request === undefined) throw reader.malformed(`kind ${kind} is no request`)
  reader.end()
  return request
}

export function encodeAnswer(answer: DirectoryAnswer): Uint8Array {
  const writer = new ByteWriter(MAX_DESCRIPTOR_BYTES).u8(KIND[answer.kind])
  if (answer.kind === 'taken') return writer.u8(ANNOUNCE_RESULTS.indexOf(answer.result)).finish()
  writer
    .u64(answer.next)
    .u8(answer.more ? 1 : 0)
    .u16(answer.descriptors.length)
  for (const descriptor of answer.descriptors) writer.bytes16(descriptor)
  const frame = writer.finish()
  if (frame.length > MAX_DIRECTORY_FRAME_BYTES)
    throw new CraftecError('internal', `a directory page of ${frame.length} bytes does not fit a frame`)
  return frame
}

/** @throws CraftecError `malformed` */
export function decodeAnswer(frame: Uint8Array): DirectoryAnswer {
  const reader = new ByteReader(frame, 'directory answer')
  const kind = reader.u8()
  const answer = kind === KIND.page ? readPage(reader) : kind === KIND.taken ? readTaken(reader) : undefined
  if (answer === undefined) throw reader.malformed(`kind ${kind} is no answer`)
  reader.end()
  return answer
}

function readList(reader: ByteReader): DirectoryRequest {
  const since = reader.u64()
  const limit = reader.u16()
  if (limit < 1 || limit > MAX_PAGE_DESCRIPTORS)
    throw reader.malformed(`limit ${limit}, expected 1..${MAX_PAGE_DESCRIPTORS}`)
  return { kind: 'list', since, limit }
}

function readAnnounce(reader: ByteReader): DirectoryRequest {
  return { kind: 'announce', descriptor: reader.bytes16(MAX_DESCRIPTOR_BYTES) }
}

function readPage(reader: ByteReader): DirectoryAnswer {
  const next = reader.u64()
  const more = reader.u8()
  if (more > 1) throw reader.malformed(`flag ${more}, expected 0 or 1`)
  const count = reader.u16()
  if (count > MAX_PAGE_DESCRIPTORS)
    throw reader.malformed(`${count} descriptors, at most ${MAX_PAGE_DESCRIPTORS} in a page`)
  const descriptors: Uint8Array[] = []
  while (descriptors.length < count) descriptors.push(reader.bytes16(MAX_DESCRIPTOR_BYTES))
  return { kind: 'page', next, more: more === 1, descriptors }
}

function readTaken(reader: ByteReader): DirectoryAnswer {
  const code = reader.u8()
  const result = ANNOUNCE_RESULTS[code]
  if (result === undefined) throw reader.malformed(`unknown result ${code}`)
  return { kind: 'taken', result }
}
