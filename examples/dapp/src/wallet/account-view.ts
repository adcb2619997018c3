import { type ConnectedWallet, formatMoney, type Money } from '@craftec/web/settlement'
import { element } from '../element.ts'
import { button } from './choose-wallet.ts'

/** Who pays, and what they have. @param balance undefined: there is no account for the token, which is not the same as 0 */
export function drawAccount(
  place: HTMLElement,
  { name, address }: ConnectedWallet,
  balance: Money | undefined,
  onLeave: () => void
): void {
  place.replaceChildren(
    element('p', { class: 'balance', text: balance ? formatMoney(balance) : 'No account for this token yet' }),
    element('p', { class: 'muted', text: name }),
    element('p', { class: 'account', text: address }),
    button('Disconnect', 'wallet-leave', onLeave)
  )
}
