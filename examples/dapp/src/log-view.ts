import { element } from './element.ts'

/** Older lines fall off the end. */
const MAX_LINES = 200

/** A short diary of what happened, newest last. */
export class LogView {
  private readonly list: HTMLElement

  constructor(list: HTMLElement) {
    this.list = list
  }

  add(text: string, kind: 'info' | 'bad' = 'info'): void {
    const time = element('time', { text: new Date().toLocaleTimeString(undefined, { hour12: false }) })
    this.list.append(element('li', kind === 'bad' ? { class: 'bad' } : {}, time, element('span', { text })))
    while (this.list.childElementCount > MAX_LINES) this.list.firstElementChild?.remove()
    this.list.scrollTop = this.list.scrollHeight
  }

  clear(): void {
    this.list.replaceChildren()
  }
}
