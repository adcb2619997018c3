import type { Clock } from '../sdk/async/index.ts'
import type { ContentHolders, Distribution } from '../sdk/obj/index.ts'
import type { AmountFormat } from './amount-format.ts'
import { buildButton, buildElement } from './build-element.ts'
import { contentPreview, type PreviewKind } from './content-preview.ts'
import { errorText } from './error-text.ts'
import { HoldersView } from './holders-view.ts'
import { shareLink } from './share-link.ts'
import { fill, type StorageStrings } from './storage-strings.ts'
import { Transfer } from './transfer.ts'

/** Often enough to look alive, seldom enough to be read. */
const DRAW_MS = 150

export interface TransferRowOptions {
  readonly name: string
  /** In bytes; undefined while nobody knows. */
  readonly total: number | undefined
  readonly direction: 'store' | 'fetch'
  readonly strings: StorageStrings
  readonly format: AmountFormat
  readonly clock: Clock
  /** Something ended: said once, to those who cannot see it. */
  readonly announce: (text: string) => void
  /** The user took it off the list. */
  readonly onDismiss: () => void
}

/** A line of the list: one file, what happens to it, and what can be done about it. */
export class TransferRow {
  readonly element: HTMLLIElement
  readonly transfer: Transfer
  readonly #options: TransferRowOptions
  readonly #name = buildElement('span', { class: 'name' })
  readonly #size = buildElement('span', { class: 'size' })
  readonly #bar = buildElement('progress')
  readonly #detail = buildElement('p', { class: 'detail' })
  readonly #body = buildElement('div', { class: 'body' })
  readonly #actions = buildElement('div', { class: 'actions' })
  readonly #pause: HTMLButtonElement
  readonly #cancel: HTMLButtonElement
  readonly #urls: string[] = []
  #displayName: string
  #doneText: string
  #endDrawing = (): void => {}
  #endHealth = (): void => {}
  #drawPending = false

  constructor(options: TransferRowOptions) {
    const { name, total, strings, clock, direction } = options
    this.#options = options
    this.#displayName = name
    this.#doneText = direction === 'store' ? strings.stored : strings.retrieved
    this.transfer = new Transfer(clock, total, () => this.#drawSoon())
    this.#pause = buildButton(strings.pause, () =>
      this.transfer.paused ? this.transfer.resume() : this.transfer.pause()
    )
    this.#cancel = buildButton(strings.cancel, () => this.transfer.cancel())
    this.#actions.append(this.#pause, this.#cancel)
    const head = buildElement('div', { class: 'head' }, this.#name, this.#size)
    this.element = buildElement('li', { class: 'row' }, head, this.#bar, this.#detail, this.#body, this.#actions)
    this.rename(name)
    this.#draw()
  }

  rename(name: string): void {
    this.#displayName = name
    this.#name.textContent = name
    this.#name.title = name
    this.#bar.setAttribute('aria-label', name)
  }

  /** After a link was made: show it, and who holds the content. @param check asks the holders for proof */
  showStored(
    link: string,
    encrypted: boolean,
    distribution: Distribution,
    check: (signal: AbortSignal) => Promise<ContentHolders>
  ): void {
    const { strings, format, announce } = this.#options
    const holders = new HoldersView({
      strings,
      format,
      check,
      announce: text => announce(`${this.#displayName}: ${text}`)
    })
    holders.watch(distribution)
    this.#endHealth = () => holders.close()
    this.#body.append(
      shareLink(link, { ...this.#options, name: this.#displayName }),
      ...(encrypted ? [buildElement('p', { class: 'detail', text: strings.keyWarning })] : []),
      holders.element
    )
  }

  /** @param url of a service worker: nothing was fetched yet, the player fetches what it plays */
  showStream(kind: PreviewKind, url: string): void {
    this.#doneText = this.#options.strings.streaming
    this.#preview(kind, url)
  }

  /** @param blob whole and verified @param kind how to show it, if it can be shown */
  showFetched(blob: Blob, type: string | undefined, kind: PreviewKind | undefined): void {
    const save = buildElement('a', { class: 'button primary', text: this.#options.strings.save })
    save.href = this.#urlOf(blob)
    save.download = this.#displayName
    this.#actions.prepend(save)
    if (kind) this.#preview(kind, this.#urlOf(blob.slice(0, blob.size, type)))
  }

  /** Another thing that can be done with what is there. */
  offer(text: string, onClick: () => void): void {
    const button = buildButton(text, () => {
      button.remove()
      onClick()
    })
    this.#actions.prepend(button)
  }

  /** End what it watches and free what it shows. */
  close(): void {
    this.transfer.cancel()
    this.#endDrawing()
    this.#endHealth()
    for (const url of this.#urls) URL.revokeObjectURL(url)
    // a player goes on fetching as long as it has an address
    for (const player of this.#body.querySelectorAll('video, audio')) player.removeAttribute('src')
    this.element.remove()
  }

  #preview(kind: PreviewKind, url: string): void {
    const { strings } = this.#options
    const preview = contentPreview(kind, url, fill(strings.preview, { name: this.#displayName }), () =>
      preview.replaceWith(buildElement('p', { class: 'detail', text: strings.previewFailed }))
    )
    this.#body.prepend(preview)
  }

  #urlOf(blob: Blob): string {
    const url = URL.createObjectURL(blob)
    this.#urls.push(url)
    return url
  }

  #drawSoon(): void {
    if (this.transfer.ended) this.#draw()
    if (this.transfer.ended || this.#drawPending) return
    this.#drawPending = true
    this.#endDrawing = this.#options.clock.after(DRAW_MS, () => this.#draw())
  }

  #draw(): void {
    this.#drawPending = false
    const { transfer } = this
    const { format, strings } = this.#options
    this.element.dataset.status = transfer.paused && !transfer.ended ? 'paused' : transfer.state.status
    this.#size.textContent = transfer.total === undefined ? '' : format.size(transfer.total)
    this.#bar.hidden = transfer.ended
    if (transfer.total === undefined || transfer.state.status === 'waiting') this.#bar.removeAttribute('value')
    else {
      this.#bar.max = Math.max(1, transfer.total)
      this.#bar.value = transfer.bytes
    }
    this.#pause.textContent = transfer.paused ? strings.resume : strings.pause
    this.#detail.textContent = this.#describe()
    if (transfer.ended) this.#end()
  }

  #describe(): string {
    const { transfer } = this
    const { strings, format, direction } = this.#options
    const { state } = transfer
    if (state.status === 'failed') return errorText(state.error, strings)
    if (state.status === 'cancelled') return strings.cancelled
    if (state.status === 'done') return this.#doneText
    if (transfer.paused) return strings.paused
    if (state.status === 'waiting') return strings.waiting
    const [{ speed, remainingMs, total }, done] = [transfer, format.size(transfer.bytes)]
    return [
      direction === 'store' ? strings.storing : strings.fetching,
      total === undefined ? done : fill(strings.of, { done, total: format.size(total) }),
      ...(speed === undefined ? [] : [format.speed(speed)]),
      ...(remainingMs === undefined ? [] : [fill(strings.left, { time: format.duration(remainingMs) })])
    ].join(' · ')
  }

  #end(): void {
    if (!this.#pause.isConnected && !this.#cancel.parentNode) return
    const root = this.element.getRootNode()
    const focused = root instanceof ShadowRoot ? root.activeElement : null
    const hadFocus = focused === this.#pause || focused === this.#cancel
    const dismiss = buildButton(this.#options.strings.dismiss, () => this.#options.onDismiss())
    this.#pause.remove()
    this.#cancel.remove()
    this.#actions.append(dismiss)
    // focus must not fall to the top of the page because a button went away
    if (hadFocus) dismiss.focus()
    this.#options.announce(`${this.#displayName}: ${this.#detail.textContent}`)
  }
}
