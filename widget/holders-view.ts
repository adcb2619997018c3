import { CraftecError } from '../sdk/errors/index.ts'
import type { ContentHolders, Distribution, DistributionState } from '../sdk/obj/index.ts'
import type { AmountFormat } from './amount-format.ts'
import { buildButton, buildElement } from './build-element.ts'
import { errorText } from './error-text.ts'
import { drawHealth, picturedDistribution, picturedHolders } from './health-picture.ts'
import { distributionText, holdersText } from './health-text.ts'
import type { StorageStrings } from './storage-strings.ts'

export interface HoldersViewOptions {
  readonly strings: StorageStrings
  readonly format: AmountFormat
  /** Ask the holders for proof. */
  readonly check: (signal: AbortSignal) => Promise<ContentHolders>
  readonly announce: (text: string) => void
}

/** Who holds a content, as a picture and in words: how far copying has come, and what holders prove when they are asked. */
export class HoldersView {
  readonly element: HTMLElement
  readonly #options: HoldersViewOptions
  readonly #picture = buildElement('div', { class: 'picture' })
  readonly #words = buildElement('p', { class: 'words' })
  readonly #button: HTMLButtonElement
  readonly #life = new AbortController()
  #endWatch = (): void => {}

  constructor(options: HoldersViewOptions) {
    this.#options = options
    this.#button = buildButton(options.strings.check, () => void this.#check(), 'quiet check')
    const text = buildElement('div', { class: 'health-text' }, this.#words, this.#button)
    this.element = buildElement('div', { class: 'health' }, this.#picture, text)
    this.#show({ status: 'local' })
  }

  /** Show how copying goes, until the user asks for more. */
  watch(distribution: Distribution): void {
    this.#show(distribution.state)
    this.#endWatch = distribution.onState(state => this.#show(state))
    distribution.done.then(state => {
      if (state.status === 'done' && !this.#life.signal.aborted) this.#options.announce(this.#words.textContent ?? '')
    })
  }

  /** End what it watches and asks. */
  close(): void {
    this.#endWatch()
    this.#life.abort(new CraftecError('aborted', 'nobody looks any more'))
  }

  #show(state: DistributionState): void {
    const { strings, format } = this.#options
    this.#picture.replaceChildren(drawHealth(picturedDistribution(state)))
    this.#words.textContent = distributionText(state, strings, format)
  }

  async #check(): Promise<void> {
    const { strings, format, check, announce } = this.#options
    if (this.#button.getAttribute('aria-disabled') === 'true') return
    // not `disabled`: the keyboard would lose its place
    this.#button.setAttribute('aria-disabled', 'true')
    this.#button.textContent = strings.checking
    this.#endWatch()
    try {
      const found = await check(this.#life.signal)
      this.#picture.replaceChildren(drawHealth(picturedHolders(found.holders, found.health)))
      this.#words.textContent = holdersText(found, strings, format)
    } catch (error) {
      this.#words.textContent = errorText(CraftecError.from(error), strings)
    }
    this.#button.removeAttribute('aria-disabled')
    this.#button.textContent = strings.check
    if (!this.#life.signal.aborted) announce(this.#words.textContent ?? '')
  }
}
