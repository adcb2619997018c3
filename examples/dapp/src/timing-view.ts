import { element } from './element.ts'
import { formatBytes, formatMs } from './format.ts'

export interface Stage {
  readonly name: string
  readonly startMs: number
  readonly durationMs: number
}

export interface TimingFacts {
  readonly stages: readonly Stage[]
  readonly bytesSent: number
  readonly bytesReceived: number
  readonly retries: number
}

/** A waterfall: one bar a stage, all on the same scale. */
export function drawTiming(place: HTMLElement, facts: TimingFacts): void {
  const end = Math.max(1, ...facts.stages.map(stage => stage.startMs + stage.durationMs))
  const table = document.createElement('table')
  for (const [index, stage] of facts.stages.entries()) {
    const bar = element('i')
    bar.style.left = `${(stage.startMs / end) * 100}%`
    bar.style.width = `${(stage.durationMs / end) * 100}%`
    bar.style.background = `var(--s${(index % 5) + 1})`
    const name = element('th', { text: stage.name })
    name.setAttribute('scope', 'row')
    const track = element('td', {}, element('div', { class: 'track' }, bar))
    track.setAttribute('aria-hidden', 'true')
    table.append(element('tr', {}, name, track, element('td', { class: 'ms', text: formatMs(stage.durationMs) })))
  }
  const fact = (value: string, what: string): HTMLElement =>
    element('span', {}, element('b', { text: value }), document.createTextNode(` ${what}`))
  const line = element(
    'p',
    { class: 'facts' },
    fact(formatMs(end), 'in all'),
    fact(formatBytes(facts.bytesReceived), 'in'),
    fact(formatBytes(facts.bytesSent), 'out')
  )
  if (facts.retries > 0) line.append(fact(String(facts.retries), facts.retries === 1 ? 'retry' : 'retries'))
  place.replaceChildren(table, line)
}
