import { type ContentLink, hashFromContentId, parseLink } from '../content/index.ts'

const HEX_ID = /^[0-9a-f]{64}$/

/** A link, or a bare content id. @throws CraftecError `malformed` */
export function parseRef(ref: string): ContentLink {
  return HEX_ID.test(ref) ? { contentId: hashFromContentId(ref) } : parseLink(ref)
}
