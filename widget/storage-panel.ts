import type { StoreUsage } from '../sdk/obj/index.ts'
import type { AmountFormat } from './amount-format.ts'
import { buildButton, buildElement } from './build-element.ts'
import { fill, type StorageStrings } from './storage-strings.ts'

export interface StoragePanelOptions {
  readonly strings: StorageStrings
  readonly format: AmountFormat
  readonly encrypt: boolean
  readonly onFiles: (files: readonly File[]) => void
  readonly onLink: (text: string) => void
}

/** The frame around the list: where files are dropped, a link is pasted, and room and trouble are told. */
export class StoragePanel {
  readonly element: HTMLElement
  readonly list = buildElement('ul')
  readonly #options: StoragePanelOptions
  readonly #drop: HTMLElement
  readonly #lead: HTMLElement
  readonly #link = buildElement('input', {
    attributes: { id: 'link', type: 'text', spellcheck: 'false', autocomplete: 'off', autocapitalize: 'none' }
  })
  readonly #linkProblem = problem('link-problem')
  readonly #problem = problem('problem')
  readonly #live = buildElement('p', {
    class: 'visually-hidden',
    attributes: { role: 'status', 'aria-live': 'polite' }
  })
  readonly #quota: HTMLElement
  readonly #meter = buildElement('meter', { attributes: { min: '0', max: '1', high: '0.9', optimum: '0' } })
  readonly #quotaText = buildElement('span')

  constructor(options: StoragePanelOptions) {
    const { strings } = options
    this.#options = options
    this.#lead = buildElement('p', { class: 'lead', text: strings.drop })
    this.#drop = this.#dropZone()
    this.#meter.setAttribute('aria-label', strings.quota)
    this.#quota = buildElement(
      'div',
      { class: 'quota' },
      buildElement('div', { class: 'head' }, buildElement('span', { text: strings.quota }), this.#quotaText),
      this.#meter
    )
    this.#quota.hidden = true
    this.list.setAttribute('aria-label', strings.files)
    this.element = buildElement(
      'section',
      { class: 'panel', attributes: { 'aria-label': strings.title } },
      this.#drop,
      this.#problem,
      this.#linkForm(),
      this.list,
      this.#quota,
      this.#live
    )
  }

  /** One sentence for those who listen instead of looking. */
  announce(text: string): void {
    this.#live.textContent = text
  }

  /** @param action what its user can do about it */
  showProblem(text: string, action?: { readonly text: string; readonly onClick: () => void }): void {
    this.#problem.replaceChildren(text)
    if (action) this.#problem.append(' ', buildButton(action.text, action.onClick))
    this.#problem.hidden = text === ''
  }

  showLinkProblem(text: string): void {
    this.#linkProblem.textContent = text
    this.#linkProblem.hidden = text === ''
    if (text === '') this.#link.removeAttribute('aria-invalid')
    else {
      this.#link.setAttribute('aria-invalid', 'true')
      this.#link.focus()
    }
  }

  clearLink(): void {
    this.#link.value = ''
  }

  showUsage({ bytes, quota }: Pick<StoreUsage, 'bytes' | 'quota'>): void {
    const { strings, format } = this.#options
    this.#quota.hidden = !(quota > 0 && Number.isFinite(quota))
    if (this.#quota.hidden) return
    this.#meter.value = Math.min(1, bytes / quota)
    this.#quotaText.textContent = fill(strings.quotaUsed, { used: format.size(bytes), quota: format.size(quota) })
    this.#meter.textContent = this.#quotaText.textContent
  }

  /** Where the keyboard goes when the line it was on is gone. */
  focus(): void {
    this.#drop.querySelector('button')?.focus()
  }

  #dropZone(): HTMLElement {
    const { strings, encrypt, onFiles } = this.#options
    const input = buildElement('input', { attributes: { type: 'file', multiple: '', tabindex: '-1' } })
    input.hidden = true
    input.addEventListener('change', () => {
      onFiles([...(input.files ?? [])])
      // so that choosing the same file again is a change again
      input.value = ''
    })
    const zone = buildElement(
      'div',
      { class: 'drop' },
      this.#lead,
      buildButton(strings.choose, () => input.click(), 'primary'),
      buildElement('p', { class: 'detail', text: encrypt ? strings.encrypted : strings.unencrypted }),
      input
    )
    const over = (event: DragEvent, inside: boolean): void => {
      if (inside && !event.dataTransfer?.types.includes('Files')) return
      event.preventDefault()
      zone.toggleAttribute('data-over', inside)
      this.#lead.textContent = inside ? strings.dropNow : strings.drop
    }
    zone.addEventListener('dragover', event => over(event, true))
    zone.addEventListener('dragleave', event => {
      if (!(event.relatedTarget instanceof Node && zone.contains(event.relatedTarget))) over(event, false)
    })
    zone.addEventListener('drop', event => {
      over(event, false)
      onFiles([...(event.dataTransfer?.files ?? [])])
    })
    return zone
  }

  #linkForm(): HTMLElement {
    const { strings, onLink } = this.#options
    this.#link.placeholder = strings.linkPlaceholder
    this.#link.setAttribute('aria-describedby', this.#linkProblem.id)
    const form = buildElement(
      'form',
      { class: 'retrieve' },
      buildElement('label', { text: strings.linkLabel, attributes: { for: this.#link.id } }),
      buildElement(
        'div',
        { class: 'with-button' },
        this.#link,
        buildElement('button', { text: strings.retrieve, attributes: { type: 'submit' } })
      ),
      this.#linkProblem
    )
    form.addEventListener('submit', event => {
      event.preventDefault()
      onLink(this.#link.value.trim())
    })
    return form
  }
}

function problem(id: string): HTMLParagraphElement {
  const made = buildElement('p', { class: 'problem', attributes: { id, role: 'alert' } })
  made.hidden = true
  return made
}
