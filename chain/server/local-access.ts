/**
 * Who may speak to the chain: programs on this machine, and pages that come from this machine. A page of any web site can reach
 * 127.0.0.1 too, under this name or under one of its own that resolves to it: the Host header tells the second, Origin the first.
 */
import type { IncomingHttpHeaders } from 'node:http'

const LOCAL_NAMES: ReadonlySet<string> = new Set(['127.0.0.1', 'localhost', '[::1]'])

export type Access =
  | { readonly allowed: true; readonly origin: string | undefined }
  | { readonly allowed: false; readonly why: string }

export function localAccess({ host, origin }: Pick<IncomingHttpHeaders, 'host' | 'origin'>): Access {
  if (host === undefined || !isLocalHost(host)) return { allowed: false, why: 'Host is not a name of this machine' }
  if (origin !== undefined && !isLocalOrigin(origin)) return { allowed: false, why: 'Origin is not on this machine' }
  return { allowed: true, origin }
}

function isLocalHost(host: string): boolean {
  return LOCAL_NAMES.has(host.replace(/:\d{1,5}$/, '').toLowerCase())
}

function isLocalOrigin(origin: string): boolean {
  if (!URL.canParse(origin)) return false
  const { protocol, hostname } = new URL(origin)
  return (protocol === 'http:' || protocol === 'https:') && LOCAL_NAMES.has(hostname)
}
