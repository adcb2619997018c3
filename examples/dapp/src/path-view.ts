import { element } from './element.ts'
import { countryName, formatMs } from './format.ts'

export interface PathHop {
  readonly role: 'guard' | 'relay' | 'exit'
  readonly country: string
  /** Shortened identity. */
  readonly name: string
  /** Round trip from this tab to the hop, if known. */
  readonly roundTripMs: number | undefined
}

const ROLE_NAMES = { guard: 'Guard', relay: 'Relay', exit: 'Exit' } as const

/** Draw who carries the request, in order, with the round trip to each hop. */
export function drawPath(list: HTMLElement, hops: readonly PathHop[], site: string): void {
  const row = (title: string, detail: string, rtt: string, end = false): HTMLElement =>
    element(
      'li',
      end ? { class: 'end' } : {},
      element('span', { class: 'dot' }),
      element('span', { class: 'who' }, document.createTextNode(`${title} `), element('small', { text: detail })),
      element('span', { class: 'rtt', text: rtt })
    )
  list.replaceChildren(
    row('This tab', '', '', true),
    ...hops.map(hop =>
      row(
        `${ROLE_NAMES[hop.role]}, ${countryName(hop.country)}`,
        hop.name,
        hop.roundTripMs === undefined ? '' : formatMs(hop.roundTripMs)
      )
    ),
    row(site, '', '', true)
  )
}
