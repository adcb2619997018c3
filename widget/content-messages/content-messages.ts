/**
 * What a service worker and its page say to each other about one request, over a port of its own. The worker asks, the page answers:
 * `accepted` at once, then `head`, then one `chunk` or `end` for each `pull`. `cancel` and `failed` end it.
 */
export type ContentAsk = {
  readonly type: 'craftec-content'
  /** 64 hexadecimal digits. */
  readonly cid: string
  /** The Range header. */
  readonly range: string | undefined
}

export type WorkerMessage = { readonly type: 'pull' } | { readonly type: 'cancel' }

export type PageMessage =
  | { readonly type: 'accepted' }
  | { readonly type: 'head'; readonly status: number; readonly headers: readonly (readonly [string, string])[] }
  | { readonly type: 'chunk'; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly type: 'end' }
  | { readonly type: 'failed'; readonly status: number }

export function isContentAsk(value: unknown): value is ContentAsk {
  if (typeof value !== 'object' || value === null) return false
  const { type, cid, range } = value as Partial<ContentAsk>
  return type === 'craftec-content' && typeof cid === 'string' && (range === undefined || typeof range === 'string')
}
