import type { PaymentReview } from '@craftec/web/settlement'
import { element } from '../element.ts'

const LAMPORTS_PER_SOL = 1e9

/** What will be signed, in words, before any wallet opens. Escape, and any button but the one that agrees, is a no. */
export function reviewPayment({ summary, feePayer, networkFee }: PaymentReview): Promise<boolean> {
  const dialog = document.createElement('dialog')
  dialog.className = 'review'
  const title = element('h2', { text: 'What you are about to sign' })
  title.id = 'review-title'
  dialog.setAttribute('aria-labelledby', title.id)
  const facts = document.createElement('dl')
  const fact = (name: string, value: string): void =>
    facts.append(element('dt', { text: name }), element('dd', { text: value }))
  fact('Account', feePayer)
  // lamports of one fee are far below 2^53
  fact('Network fee, at most', `${(Number(networkFee) / LAMPORTS_PER_SOL).toFixed(9).replace(/0+$/, '')} SOL`)
  const form = document.createElement('form')
  form.method = 'dialog'
  const yes = document.createElement('button')
  yes.value = 'yes'
  yes.className = 'primary'
  yes.textContent = 'Sign with the wallet'
  const no = document.createElement('button')
  no.value = 'no'
  no.textContent = 'Do not pay'
  form.append(no, yes)
  dialog.append(
    title,
    element('p', { class: 'what', text: summary }),
    facts,
    element('p', {
      class: 'muted',
      text: 'It was tried on the chain without paying, and would succeed. Nothing is signed or sent before you agree.'
    }),
    form
  )
  document.body.append(dialog)
  return new Promise(resolve => {
    dialog.addEventListener('close', () => {
      dialog.remove()
      resolve(dialog.returnValue === 'yes')
    })
    dialog.showModal()
  })
}
