import { element } from './element.ts'
import { formatBytes, formatMs } from './format.ts'
import { LINK_ATTRIBUTE, safeDocument } from './safe-document.ts'

/** A page larger than this is offered as a file: laying it out would freeze the tab. */
const MAX_SHOWN_BYTES = 8_000_000

export interface Progress {
  readonly received: number
  readonly total: number | undefined
  readonly elapsedMs: number
}

/** Where the fetched thing is shown. `onNavigate` is called when a link in it is followed: the frame itself never goes anywhere. */
export class PageView {
  private readonly body: HTMLElement
  private readonly onNavigate: (url: string) => void
  private objectUrl: string | undefined

  constructor(body: HTMLElement, onNavigate: (url: string) => void) {
    this.body = body
    this.onNavigate = onNavigate
  }

  private show(...content: Node[]): void {
    if (this.objectUrl) URL.revokeObjectURL(this.objectUrl)
    this.objectUrl = undefined
    this.body.replaceChildren(...content)
  }

  notice(title: string, text: string, kind: 'info' | 'bad' = 'info', code?: string): void {
    const card = element('div', { class: 'notice' }, element('h3', { text: title }), element('p', { text }))
    card.dataset.kind = kind
    if (code) card.append(element('code', { text: code }))
    this.show(card)
  }

  /** A card that fills while bytes arrive. */
  progress(name: string): (progress: Progress) => void {
    const bar = document.createElement('progress')
    const facts = element('p', { class: 'muted', text: 'Waiting for the first byte' })
    bar.setAttribute('aria-label', `Receiving ${name}`)
    this.show(element('div', { class: 'file' }, element('h3', { text: name }), bar, facts))
    return ({ received, total, elapsedMs }) => {
      if (total) {
        bar.max = total
        bar.value = received
      }
      const perSecond = (received / Math.max(elapsedMs, 1)) * 1000
      const left = total && perSecond > 0 ? `, ${formatMs(((total - received) / perSecond) * 1000)} left` : ''
      facts.textContent = `${formatBytes(received)}${total ? ` of ${formatBytes(total)}` : ''} at ${formatBytes(Math.round(perSecond))}/s${left}`
    }
  }

  document(html: string, base: string): void {
    const frame = document.createElement('iframe')
    frame.title = 'Fetched page'
    // No allow-scripts: same-origin only lets this code listen for clicks on the frame's links.
    frame.sandbox.add('allow-same-origin')
    frame.referrerPolicy = 'no-referrer'
    frame.srcdoc = safeDocument(html, base)
    frame.addEventListener('load', () => {
      const follow = (event: Event): void => {
        const from = event.target
        const link = from && 'closest' in from ? (from as Element).closest(`[${LINK_ATTRIBUTE}]`) : null
        const target = link?.getAttribute(LINK_ATTRIBUTE)
        if (!target) return
        event.preventDefault()
        this.onNavigate(target)
      }
      frame.contentDocument?.addEventListener('click', follow)
      frame.contentDocument?.addEventListener('keydown', event => {
        if (event.key === 'Enter') follow(event)
      })
    })
    this.show(frame)
  }

  text(text: string): void {
    this.show(element('pre', { text }))
  }

  image(bytes: Blob, name: string): void {
    const image = new Image()
    image.className = 'image'
    image.alt = name
    this.show(image)
    this.objectUrl = URL.createObjectURL(bytes)
    image.src = this.objectUrl
  }

  file(name: string, bytes: Blob, sha256: string, elapsedMs: number): void {
    const facts = element('dl')
    const row = (term: string, value: string): void =>
      facts.append(element('dt', { text: term }), element('dd', { text: value }))
    row('Size', formatBytes(bytes.size))
    row('Took', `${formatMs(elapsedMs)} (${formatBytes(Math.round((bytes.size / Math.max(elapsedMs, 1)) * 1000))}/s)`)
    row('SHA-256', sha256)
    const save = element('button', { class: 'primary', text: 'Save' })
    this.show(element('div', { class: 'file' }, element('h3', { text: name }), facts, save))
    const url = URL.createObjectURL(bytes)
    this.objectUrl = url
    save.addEventListener('click', () => {
      const link = document.createElement('a')
      link.href = url
      link.download = name
      link.click()
    })
  }

  /** Show what arrived in the way its type asks for. */
  content(
    blob: Blob,
    text: () => Promise<string>,
    facts: { url: string; type: string; name: string; sha256: string; elapsedMs: number }
  ): Promise<void> | void {
    const { type, name } = facts
    if (blob.size > MAX_SHOWN_BYTES) return this.file(name, blob, facts.sha256, facts.elapsedMs)
    if (type.startsWith('text/html') || type.startsWith('application/xhtml'))
      return text().then(html => this.document(html, facts.url))
    if (/^(text\/|application\/(json|xml|javascript))/.test(type)) return text().then(plain => this.text(plain))
    if (/^image\/(png|jpeg|gif|webp|avif)/.test(type)) return this.image(blob, name)
    return this.file(name, blob, facts.sha256, facts.elapsedMs)
  }
}
