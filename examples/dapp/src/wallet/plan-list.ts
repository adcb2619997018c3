import { formatMoney, type PlanOffer, type SubscriptionAccount } from '@craftec/web/settlement'
import { element } from '../element.ts'
import { button } from './choose-wallet.ts'

export interface PlanList {
  readonly plans: readonly PlanOffer[]
  /** Only these, and what is subscribed to already. */
  readonly billingPeriod: number
  /** By service: one subscription each is all that this page makes. */
  readonly subscriptions: ReadonlyMap<number, SubscriptionAccount>
  /** Undefined: nobody is connected who could buy. */
  readonly onSubscribe: ((plan: PlanOffer) => void) | undefined
}

const DAY_SECS = 86_400
const MS_PER_SECOND = 1_000n

/** A table for each service. */
export function drawPlans(place: HTMLElement, { plans, billingPeriod, subscriptions, onSubscribe }: PlanList): void {
  const services = new Map<number, PlanOffer[]>()
  for (const plan of plans) {
    const running = subscriptions.get(plan.service)
    const isShown = plan.active && plan.billingPeriod === billingPeriod
    if (isShown || (running && isSamePlan(plan, running)))
      services.set(plan.service, [...(services.get(plan.service) ?? []), plan])
  }
  if (services.size === 0) {
    place.replaceChildren(element('p', { class: 'muted', text: 'Nothing is for sale on this chain.' }))
    return
  }
  const tables = [...services].map(([service, offers]) => {
    const running = subscriptions.get(service)
    const rows = offers.map(plan => {
      const isRunning = running !== undefined && isSamePlan(plan, running)
      const cell = isRunning
        ? element('span', { class: 'badge', text: `until ${dateOf(running.expiresAt)}` })
        : button('Subscribe', `plan-${plan.service}-${plan.tier}-${plan.billingPeriod}`, () => onSubscribe?.(plan))
      if (cell instanceof HTMLButtonElement) {
        cell.disabled = onSubscribe === undefined || running !== undefined
        cell.setAttribute('aria-label', `Subscribe to ${plan.name}, ${formatMoney(plan.price)}`)
      }
      const name = element('th', { text: plan.name })
      name.setAttribute('scope', 'row')
      return element(
        'tr',
        isRunning ? { class: 'running' } : {},
        name,
        element('td', { class: 'price', text: formatMoney(plan.price) }),
        element('td', { class: 'period', text: `${plan.periodSecs / DAY_SECS} days` }),
        element('td', { class: 'action' }, cell)
      )
    })
    return element('table', {}, element('tbody', {}, ...rows))
  })
  place.replaceChildren(...tables)
}

function isSamePlan(plan: PlanOffer, { service, tier, billingPeriod }: SubscriptionAccount): boolean {
  return plan.service === service && plan.tier === tier && plan.billingPeriod === billingPeriod
}

/** @param at seconds since the Unix epoch, of the chain's clock */
export function dateOf(at: bigint): string {
  return new Date(Number(at * MS_PER_SECOND)).toLocaleDateString(undefined, { dateStyle: 'medium' })
}
