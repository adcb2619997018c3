import type { Clock } from '../sdk/async/index.ts'
import { buildButton, buildElement } from './build-element.ts'
import { fill, type StorageStrings } from './storage-strings.ts'

export interface ShareLinkOptions {
  readonly name: string
  readonly strings: StorageStrings
  readonly clock: Clock
  readonly announce: (text: string) => void
}

const COPIED_MS = 2_000

/** A link that can be seen, selected and copied. */
export function shareLink(link: string, { name, strings, clock, announce }: ShareLinkOptions): HTMLElement {
  const field = buildElement('input', {
    class: 'link',
    attributes: { type: 'text', readonly: '', 'aria-label': fill(strings.share, { name }) }
  })
  field.value = link
  field.addEventListener('focus', () => field.select())
  const copy = buildButton(strings.copy, () => void write(), 'primary')
  const write = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(field.value)
    } catch {
      // without leave to write there, the user's own key does it
      field.focus()
      return
    }
    copy.textContent = strings.copied
    announce(strings.copied)
    clock.after(COPIED_MS, () => {
      copy.textContent = strings.copy
    })
  }
  return buildElement('div', { class: 'share' }, field, copy)
}
