import { formatMoney, type Money, type PaymentChannelAccount, type SpendingSession } from '@craftec/web/settlement'
import { element } from '../element.ts'
import { button } from './choose-wallet.ts'
import { dateOf } from './plan-list.ts'
import type { Spending } from './spend.ts'

/** `locked`: the money is there, the key that could spend it is not. `ending`: the end is announced. */
export type SessionState =
  | { readonly status: 'none' }
  | { readonly status: 'open'; readonly session: SpendingSession; readonly spending: boolean }
  | { readonly status: 'locked'; readonly deposited: Money }
  | { readonly status: 'ending'; readonly channel: PaymentChannelAccount; readonly due: boolean }

export interface SessionActions {
  readonly onOpen: (cap: string) => void
  /** Lock as much again as was typed. */
  readonly onTopUp: (amount: string) => void
  readonly onSpend: () => void
  readonly onStop: () => void
  readonly onClose: () => void
  /** Let the local chain's clock jump over the delay. */
  readonly onSkip: () => void
}

/** The spending session: opened once, then spent from without asking. */
export class SessionView {
  private readonly place: HTMLElement
  private readonly actions: SessionActions
  private counter: ((session: SpendingSession, spending: Spending) => void) | undefined

  constructor(place: HTMLElement, actions: SessionActions) {
    this.place = place
    this.actions = actions
  }

  /** @param connected without a wallet nothing can be opened */
  show(state: SessionState, connected: boolean): void {
    this.counter = undefined
    if (state.status === 'none') this.none(connected)
    else if (state.status === 'open') this.open(state.session, state.spending)
    else if (state.status === 'locked') this.locked(state.deposited)
    else this.ending(state.channel, state.due)
  }

  /** Spending goes on: only the figures change. */
  progress(session: SpendingSession, spending: Spending): void {
    this.counter?.(session, spending)
  }

  private none(connected: boolean): void {
    const form = amountForm('session-cap', 'Spend at most', 'session-open', 'Open a session', this.actions.onOpen)
    for (const control of form.elements) (control as HTMLInputElement | HTMLButtonElement).disabled = !connected
    this.place.replaceChildren(
      element('p', {
        class: 'muted',
        text: 'Approve once, and this page may pay in tiny steps without asking again, never more than you say and never after a day. The rest comes back.'
      }),
      form
    )
  }

  private open(session: SpendingSession, spending: boolean): void {
    const { cap, facts, update } = meter(session)
    this.counter = update
    const { onSpend, onStop, onClose } = this.actions
    const toggle = spending ? button('Stop', 'session-spend', onStop) : button('Spend', 'session-spend', onSpend)
    toggle.classList.add('primary')
    const close = button('Close the session', 'session-close', onClose)
    close.disabled = spending
    this.place.replaceChildren(
      cap,
      facts,
      element('div', { class: 'buttons' }, toggle, close),
      ...(spending
        ? []
        : [amountForm('session-more', 'Let it spend more', 'session-top-up', 'Top up', this.actions.onTopUp)]),
      element('p', {
        class: 'muted',
        text: 'Each payment is a signed voucher for the sum so far. The chain hears of the last one only, when the session is closed.'
      })
    )
  }

  private locked(deposited: Money): void {
    this.place.replaceChildren(
      element('p', {
        text: `${formatMoney(deposited)} is locked in a session whose key is not in this browser. It cannot be spent here, but the wallet alone can have it back.`
      }),
      element('div', { class: 'buttons' }, button('Close the session', 'session-close', this.actions.onClose))
    )
  }

  private ending(channel: PaymentChannelAccount, due: boolean): void {
    const { onClose, onSkip } = this.actions
    const minutes = Math.round(Number(channel.forceCloseDelaySecs) / 60)
    const explained = due
      ? 'The time to object is over: what no voucher spent can be taken back.'
      : `The end is announced. Whoever was paid has ${minutes} minutes to show a newer voucher, until ${timeOf(channel.closesAt)} by the chain's clock; then the rest can be taken back.`
    const next = due
      ? button('Take the rest back', 'session-close', onClose)
      : button(`Skip ${minutes} minutes`, 'session-skip', onSkip)
    this.place.replaceChildren(element('p', { text: explained }), element('div', { class: 'buttons' }, next))
    if (!due)
      this.place.append(element('p', { class: 'muted', text: 'Only a local chain lets anybody move its clock.' }))
  }
}

function amountForm(
  id: string,
  label: string,
  buttonId: string,
  text: string,
  onSubmit: (amount: string) => void
): HTMLFormElement {
  const form = document.createElement('form')
  const amount = document.createElement('input')
  amount.type = 'text'
  amount.inputMode = 'decimal'
  amount.value = '1'
  amount.id = id
  const named = element('label', { text: label })
  named.setAttribute('for', id)
  const submit = button(text, buttonId, () => {})
  submit.type = 'submit'
  form.append(named, amount, element('span', { class: 'muted', text: 'USDC' }), submit)
  form.addEventListener('submit', event => {
    event.preventDefault()
    onSubmit(amount.value.trim())
  })
  return form
}

function meter(session: SpendingSession) {
  const bar = document.createElement('progress')
  bar.max = 1
  bar.setAttribute('aria-label', 'Spent of the cap')
  const value = (): HTMLElement => element('b', { text: '0' })
  const [left, spent, rate] = [value(), value(), value()]
  const facts = element('p', { class: 'facts' })
  facts.append(
    element('span', {}, left, document.createTextNode(' left')),
    element('span', {}, spent, document.createTextNode(' spent')),
    element('span', {}, rate, document.createTextNode(' vouchers/s'))
  )
  const update = ({ left: rest, spent: gone, channel }: SpendingSession, { vouchersPerSecond }: Spending): void => {
    bar.value = Number(gone.units) / Number(channel.deposited)
    left.textContent = formatMoney(rest)
    spent.textContent = formatMoney(gone)
    rate.textContent = Math.round(vouchersPerSecond).toLocaleString()
  }
  update(session, { vouchers: 0, vouchersPerSecond: 0 })
  const end = session.channel.expiresAt
  const cap = element('div', {}, bar, element('p', { class: 'muted', text: `Ends ${dateOf(end)}, ${timeOf(end)}` }))
  return { cap, facts, update }
}

/** @param at seconds since the Unix epoch */
function timeOf(at: bigint): string {
  return new Date(Number(at) * 1000).toLocaleTimeString(undefined, { timeStyle: 'short' })
}
