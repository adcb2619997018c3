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
  readonly actions: PlanActions | undefined
}

export interface PlanActions {
  readonly onSubscribe: (plan: PlanOffer) => void
  /** Buy the period after the running one. */
  readonly onRenew: (plan: PlanOffer) => void
  /** Have the period ahead paid back. */
  readonly onCancel: (plan: PlanOffer) => void
  /** It has ended: have the rest of it back. */
  readonly onClose: (plan: PlanOffer) => void
}

const DAY_SECS = 86_400
const MS_PER_SECOND = 1_000n

/** A table for each service. */
export function drawPlans(place: HTMLElement, { plans, billingPeriod, subscriptions, actions }: PlanList): void {
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
        ? runningCell(plan, running, actions)
        : subscribeButton(plan, actions, running === undefined)
      const name = element('th', { text: plan.name })
      name.setAttribute('scope', 'row')
      return element(
        'tr',
        isRunning ? { class: 'running' } : {},
        name,
        element('td', { class: 'price', text: formatMoney(plan.price) }),
        element('td', { class: 'period', text: `${plan.periodSecs / DAY_SECS} days` }),
        element('td', { class: 'action' }, ...[cell].flat())
      )
    })
    return element('table', {}, element('tbody', {}, ...rows))
  })
  place.replaceChildren(...tables)
}

function subscribeButton(plan: PlanOffer, actions: PlanActions | undefined, isFree: boolean): HTMLElement {
  const subscribe = planButton('Subscribe', 'plan', plan, () => actions?.onSubscribe(plan))
  subscribe.disabled = actions === undefined || !isFree
  subscribe.setAttribute('aria-label', `Subscribe to ${plan.name}, ${formatMoney(plan.price)}`)
  return subscribe
}

/** Until when it runs, and what can be done about that now. */
function runningCell(
  plan: PlanOffer,
  { expiresAt, paidAhead }: SubscriptionAccount,
  actions: PlanActions | undefined
): HTMLElement[] {
  const hasEnded = expiresAt * MS_PER_SECOND < BigInt(Date.now())
  const badge = element('span', { class: 'badge', text: `${hasEnded ? 'ended' : 'until'} ${dateOf(expiresAt)}` })
  if (actions === undefined) return [badge]
  if (hasEnded) return [badge, planButton('Close', 'plan-close', plan, () => actions.onClose(plan))]
  if (paidAhead > 0n) return [badge, planButton('Take back', 'plan-cancel', plan, () => actions.onCancel(plan))]
  return [badge, planButton('Renew', 'plan-renew', plan, () => actions.onRenew(plan))]
}

function planButton(text: string, kind: string, plan: PlanOffer, onClick: () => void): HTMLButtonElement {
  const made = button(text, `${kind}-${plan.service}-${plan.tier}-${plan.billingPeriod}`, onClick)
  made.setAttribute('aria-label', `${text}: ${plan.name}`)
  return made
}

function isSamePlan(plan: PlanOffer, { service, tier, billingPeriod }: SubscriptionAccount): boolean {
  return plan.service === service && plan.tier === tier && plan.billingPeriod === billingPeriod
}

/** @param at seconds since the Unix epoch, of the chain's clock */
export function dateOf(at: bigint): string {
  return new Date(Number(at * MS_PER_SECOND)).toLocaleDateString(undefined, { dateStyle: 'medium' })
}
