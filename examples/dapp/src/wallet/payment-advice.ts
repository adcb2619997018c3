import type { CraftecError } from '@craftec/web'
import type { PaymentDoubt } from '@craftec/web/settlement'

/** What each failure of a payment means for the person who pays: above all, whether money moved. */
const ADVICE: Partial<Record<CraftecError['code'], readonly [title: string, text: string]>> = {
  'wallet-rejected': ['Not signed', 'You, or the wallet for you, said no. Nothing was paid.'],
  'wallet-unavailable': [
    'No account for this chain',
    'The wallet offered no account that can sign here. Choose a local network in it, or use the test wallet.'
  ],
  'wallet-invalid': [
    'The wallet signed something else',
    'What it gave back is not what was shown, so it was not sent. Nothing was paid.'
  ],
  'payment-under-way': [
    'Already on its way',
    'The same payment was signed before, perhaps in another tab, and may still happen. Wait for it; it is not made twice.'
  ],
  'already-paid': ['Paid already', 'This very payment has happened. Nothing was paid again.'],
  'transaction-expired': ['Not paid', 'No block took it in time, and none can any more. Trying again is safe.'],
  'rpc-unreachable': [
    'The chain does not answer',
    'If something was signed, it is written down and looked up the next time. It is not paid twice.'
  ],
  'rpc-invalid': ['The chain answers nonsense', 'What it said cannot be true, so it was not believed.'],
  'cluster-mismatch': [
    'Another chain',
    'The wallet, the page and what was signed before are not all of one chain. Nothing was signed or sent.'
  ],
  'storage-unavailable': [
    'No place to write payments down',
    'This browser keeps nothing here, as in private windows. Without a record a payment could be made twice, so none is made.'
  ],
  'account-invalid': [
    'The chain holds something else',
    'An account that is needed is missing or of another kind. If the chain was started afresh, load this page again.'
  ],
  aborted: ['Cancelled', 'It was ended before it finished. If something was signed, it is looked up the next time.']
}

/** Those that say for themselves what happened and what to do. */
const TITLES: Partial<Record<CraftecError['code'], string>> = {
  'transaction-failed': 'Not paid',
  timeout: 'No answer yet',
  'invalid-argument': 'That does not work',
  'limit-exceeded': 'The session is used up'
}

/** Why nobody can say yet whether something was paid. Whatever it is, the payment is written down and not made twice. */
export const DOUBTS: Readonly<Record<PaymentDoubt, string>> = {
  'not-over': 'no block has it yet, and one still can',
  'endpoints-silent': 'too few RPC endpoints answer',
  'endpoints-disagree': 'the RPC endpoints contradict each other',
  'height-implausible': 'an RPC endpoint claims a height that the chain cannot have',
  'single-endpoint': 'only one RPC endpoint says that it was not, and that is believed after two and a half minutes',
  'other-cluster': 'it was signed for another chain'
}

export function paymentAdvice({ code, message }: CraftecError): { title: string; text: string } {
  const [title, text] = ADVICE[code] ?? [TITLES[code] ?? 'It did not work', `${message}.`]
  return { title, text }
}
