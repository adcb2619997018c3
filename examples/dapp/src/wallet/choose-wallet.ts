import type { WalletOffer } from '@craftec/web/settlement'
import { element } from '../element.ts'

export interface WalletChoice {
  readonly offers: readonly WalletOffer[]
  readonly onChoose: (offer: WalletOffer) => void
  /** The user wants the page's own wallet. */
  readonly onTestWallet: () => void
}

/** Draw the wallets that can be connected, or what to do when there is none. */
export function drawWalletChoice(place: HTMLElement, { offers, onChoose, onTestWallet }: WalletChoice): void {
  const test = button('Use the test wallet', 'wallet-test', onTestWallet)
  test.classList.add('primary')
  const worthless = element('p', {
    class: 'muted',
    text: 'The test wallet belongs to the chain on this machine. Everyone who can open this page knows its key, and what it holds is worthless.'
  })
  if (offers.length === 0) {
    const explained = element('p', {
      text: 'A wallet is a browser extension that keeps your keys and asks you before it signs. None that signs for a local chain is installed in this browser. To try everything here you need none: the page brings one.'
    })
    place.replaceChildren(element('h3', { text: 'No wallet installed' }), explained, test, worthless)
    return
  }
  const rows = offers.map((offer, index) => {
    const row = button(`Connect ${offer.name}`, `wallet-offer-${index}`, () => onChoose(offer))
    const icon = new Image(18, 18)
    icon.alt = ''
    icon.src = offer.icon
    row.prepend(icon)
    return row
  })
  place.replaceChildren(
    element('h3', { text: 'Connect a wallet' }),
    element('p', { text: 'It is asked for an account now, and again before each payment.' }),
    ...rows,
    test,
    worthless
  )
}

/** @param id finds the button again after the panel is drawn anew */
export function button(text: string, id: string, onClick: () => void): HTMLButtonElement {
  const made = document.createElement('button')
  made.type = 'button'
  made.id = id
  made.append(element('span', { text }))
  made.addEventListener('click', onClick)
  return made
}
