import type { Clock } from '../sdk/async/index.ts'
import { CraftecError } from '../sdk/errors/index.ts'
import type { CraftecObj } from '../sdk/index.ts'
import type { AmountFormat } from './amount-format.ts'
import { buildButton, buildElement } from './build-element.ts'
import { errorText } from './error-text.ts'
import { HoldersView } from './holders-view.ts'
import type { KeptContent } from './kept-contents.ts'
import { shareLink } from './share-link.ts'
import { fill, type StorageStrings } from './storage-strings.ts'

export interface KeptRowOptions {
  readonly strings: StorageStrings
  readonly format: AmountFormat
  readonly clock: Clock
  readonly obj: CraftecObj
  readonly announce: (text: string) => void
  /** The user wants to see or save it. Only of content that opens without a key. */
  readonly onOpen: (link: string, name: string) => void
  /** It is off the device, and the line can go. */
  readonly onDeleted: () => void
}

/** A line of the list for content that was stored before this page was loaded. */
export class KeptRow {
  readonly element: HTMLLIElement
  readonly #content: KeptContent
  readonly #options: KeptRowOptions
  readonly #holders: HoldersView
  readonly #detail: HTMLElement
  readonly #name: string
  #closed = false

  constructor(content: KeptContent, options: KeptRowOptions) {
    const { strings, format, obj } = options
    const { link, size, encrypted, addedAt } = content
    this.#content = content
    this.#options = options
    this.#name = content.name ?? strings.unknownName
    const name = buildElement('span', { class: 'name', text: this.#name, attributes: { title: this.#name } })
    const head = buildElement(
      'div',
      { class: 'head' },
      name,
      buildElement('span', { class: 'size', text: format.size(size) })
    )
    const since = fill(strings.keptSince, { date: format.date(addedAt) })
    this.#detail = buildElement('p', { class: 'detail', text: encrypted ? `${since} ${strings.keptKey}` : since })
    this.#holders = new HoldersView({
      strings,
      format,
      announce: text => options.announce(`${this.#name}: ${text}`),
      check: signal => obj.holders(link, { signal })
    })
    const body = buildElement(
      'div',
      { class: 'body' },
      ...(encrypted ? [] : [shareLink(link, { ...options, name: this.#name })]),
      this.#holders.element
    )
    this.element = buildElement('li', { class: 'row' }, head, this.#detail, body, this.#actions())
    this.element.dataset.status = 'kept'
    void this.#watch()
  }

  /** End what it watches. */
  close(): void {
    this.#closed = true
    this.#holders.close()
    this.element.remove()
  }

  #actions(): HTMLElement {
    const { strings, onOpen } = this.#options
    const { link, encrypted } = this.#content
    const open = buildButton(strings.retrieve, () => onOpen(link, this.#name))
    const remove = buildButton(strings.deleteContent, () => {
      // asked once more in place: a dialog would take the keyboard away from the list
      if (remove.dataset.sure !== undefined) return void this.#delete()
      remove.dataset.sure = ''
      remove.textContent = strings.deleteSure
      remove.classList.add('danger')
    })
    remove.addEventListener('blur', () => {
      delete remove.dataset.sure
      remove.textContent = strings.deleteContent
      remove.classList.remove('danger')
    })
    return buildElement('div', { class: 'actions' }, ...(encrypted ? [] : [open]), remove)
  }

  async #watch(): Promise<void> {
    // a store that fails now has failed elsewhere, and was told of there
    const distribution = await this.#options.obj.distribution(this.#content.manifestId).catch(() => undefined)
    if (distribution && !this.#closed) this.#holders.watch(distribution)
  }

  async #delete(): Promise<void> {
    const { obj, strings, announce, onDeleted } = this.#options
    try {
      await obj.remove(this.#content.link)
      announce(`${this.#name}: ${strings.deleted}`)
      onDeleted()
    } catch (error) {
      this.#detail.textContent = errorText(CraftecError.from(error), strings)
    }
  }
}
