/**
 * `craftec:<content id>?m=<manifest id>#k=<key>&n=<name>&t=<media type>`. What stands behind `#` never leaves a browser in a
 * request; the key, the name and the type stand there for that reason.
 */
import { base64urlnopad } from '@scure/base'
import { decodeHex, encodeHex } from '../../codec/index.ts'
import { KEY_BYTES } from '../../crypto/index.ts'
import { CraftecError } from '../../errors/index.ts'
import { contentIdFromHash, hashFromContentId } from './content-id.ts'

export interface ContentLink {
  /** SHA-256 of the stored bytes, 32 bytes. */
  readonly contentId: Uint8Array
  /** Which manifest describes them, 32 bytes. Without it the first one found that fits is taken. */
  readonly manifestId?: Uint8Array
  /** 32 bytes; absent for content that is not encrypted. */
  readonly key?: Uint8Array
  /** File name without a path, at most 255 bytes in UTF-8. */
  readonly name?: string
  /** RFC 6838 type/subtype, without parameters. */
  readonly mediaType?: string
}

const SCHEME = 'craftec:'
/** A name of 255 bytes and a media type of 255, percent-encoded throughout, and all the rest. */
const MAX_LINK_CHARS = 2_048
const MAX_NAME_BYTES = 255
const MANIFEST_ID = /^[0-9a-f]{64}$/
const KEY = /^[A-Za-z0-9_-]{43}$/
/** RFC 6838 §4.2: restricted names of at most 127 characters. */
const MEDIA_TYPE = /^[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}\/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}$/
/** Path separators, controls, and the bidirectional overrides that make `exe.txt` out of `txt.exe`. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
const UNSAFE_IN_NAME = /[/\\\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/

/** @throws CraftecError `invalid-argument` when a part breaks its rule */
export function formatLink(link: ContentLink): string {
  const { manifestId, key, name, mediaType } = link
  const wrong = wrongPart(link)
  if (wrong !== undefined) throw new CraftecError('invalid-argument', `link: ${wrong}`)
  const fragment = [
    ...(key === undefined ? [] : [`k=${base64urlnopad.encode(key)}`]),
    ...(name === undefined ? [] : [`n=${encodeURIComponent(name)}`]),
    ...(mediaType === undefined ? [] : [`t=${encodeURIComponent(mediaType)}`])
  ].join('&')
  const query = manifestId === undefined ? '' : `?m=${encodeHex(manifestId)}`
  return `${SCHEME}${contentIdFromHash(link.contentId)}${query}${fragment === '' ? '' : `#${fragment}`}`
}

/**
 * Strict: parts in any order within `?` and within `#`, each at most once, none that is unknown.
 * @throws CraftecError `malformed`
 */
export function parseLink(text: string): ContentLink {
  if (text.length > MAX_LINK_CHARS) throw malformed(`at most ${MAX_LINK_CHARS} characters expected, got ${text.length}`)
  if (!text.startsWith(SCHEME)) throw malformed(`expected it to begin with ${SCHEME}`)
  const [address = '', fragment, ...more] = text.slice(SCHEME.length).split('#')
  const [contentId = '', query, ...moreQuery] = address.split('?')
  if (more.length > 0 || moreQuery.length > 0) throw malformed('one ? and one # at most')
  const { m } = parameters(query, ['m'])
  const { k, n, t } = parameters(fragment, ['k', 'n', 't'])
  if (m !== undefined && !MANIFEST_ID.test(m)) throw malformed('m has 64 lower-case hexadecimal digits')
  const link: ContentLink = {
    contentId: hashFromContentId(contentId),
    ...(m === undefined ? {} : { manifestId: decodeHex(m) }),
    ...(k === undefined ? {} : { key: decodeKey(k) }),
    ...(n === undefined ? {} : { name: n }),
    ...(t === undefined ? {} : { mediaType: t })
  }
  const wrong = wrongPart(link)
  if (wrong !== undefined) throw malformed(wrong)
  return link
}

function parameters<Name extends string>(
  text: string | undefined,
  names: readonly Name[]
): Partial<Record<Name, string>> {
  const found: Partial<Record<Name, string>> = {}
  if (text === undefined) return found
  for (const part of text.split('&')) {
    const at = part.indexOf('=')
    const name = names.find(candidate => candidate === part.slice(0, Math.max(at, 0)))
    if (name === undefined) throw malformed(`expected ${names.map(known => `${known}=`).join(', ')} and nothing else`)
    if (found[name] !== undefined) throw malformed(`${name} stands there twice`)
    try {
      found[name] = decodeURIComponent(part.slice(at + 1))
    } catch (cause) {
      throw new CraftecError('malformed', `link: ${name} is not percent-encoded UTF-8`, { cause })
    }
  }
  return found
}

function decodeKey(text: string): Uint8Array {
  if (!KEY.test(text)) throw malformed('k is a key of 32 bytes in base64url, 43 characters')
  try {
    return base64urlnopad.decode(text)
  } catch (cause) {
    // The last character carries two bits that must be zero, or one key would have four spellings.
    throw new CraftecError('malformed', 'link: k is not canonical base64url', { cause })
  }
}

function wrongPart({ contentId, manifestId, key, name, mediaType }: ContentLink): string | undefined {
  if (contentId.length !== 32) return 'a content id has 32 bytes'
  if (manifestId !== undefined && manifestId.length !== 32) return 'a manifest id has 32 bytes'
  if (key !== undefined && key.length !== KEY_BYTES) return `a key has ${KEY_BYTES} bytes`
  if (name !== undefined) {
    const bytes = new TextEncoder().encode(name).length
    if (bytes < 1 || bytes > MAX_NAME_BYTES) return `a name has 1..${MAX_NAME_BYTES} bytes, this one ${bytes}`
    if (UNSAFE_IN_NAME.test(name) || name === '.' || name === '..' || !name.isWellFormed())
      return 'a name has no path separators, controls or direction marks, and is not . or ..'
  }
  if (mediaType !== undefined && !MEDIA_TYPE.test(mediaType)) return 'a media type is type/subtype, without parameters'
  return undefined
}

function malformed(why: string): CraftecError {
  return new CraftecError('malformed', `link: ${why}`)
}
