import { buildElement } from './build-element.ts'

export type PreviewKind = 'image' | 'video' | 'audio'

/** Decoded whole by the browser; larger ones are saved, not shown. */
const MAX_IMAGE_BYTES = 64 * 1024 * 1024
/** Formats that are pictures and nothing else: no scripts, no references. */
const IMAGES: ReadonlySet<string> = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'image/avif'])

/** How a content of this type can be shown; undefined for what is only saved. @param size in bytes */
export function previewKind(type: string | undefined, size: number): PreviewKind | undefined {
  if (type === undefined) return undefined
  if (IMAGES.has(type)) return size <= MAX_IMAGE_BYTES ? 'image' : undefined
  if (type.startsWith('video/')) return 'video'
  return type.startsWith('audio/') ? 'audio' : undefined
}

/** @param onError called when the browser cannot show it after all */
export function contentPreview(kind: PreviewKind, url: string, label: string, onError: () => void): HTMLElement {
  if (kind === 'image') {
    const image = buildElement('img', { class: 'preview', attributes: { alt: label, decoding: 'async' } })
    image.addEventListener('error', onError, { once: true })
    image.src = url
    return image
  }
  const player = buildElement(kind, {
    class: `preview ${kind}`,
    attributes: { controls: '', preload: 'metadata', playsinline: '', 'aria-label': label }
  })
  player.addEventListener('error', onError, { once: true })
  player.src = url
  return player
}
