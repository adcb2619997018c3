import type { DistributionState, HolderReport } from '../sdk/obj/index.ts'

const SVG = 'http://www.w3.org/2000/svg'
const SIZE = 56
const CENTER = SIZE / 2
const ORBIT = 22
const RING = 13
/** More would be a blur. */
const MAX_DRAWN_PEERS = 12

/** `sent`: pieces are on their way. `acknowledged`: it said that they are written. The others are what an audit found. */
export type DrawnPeer = 'sent' | 'acknowledged' | 'proven' | 'failed' | 'absent'

export interface HealthPicture {
  readonly peers: readonly DrawnPeer[]
  /** 0..1: how much of what the network should have of the content is there. */
  readonly share: number
}

/** While a content is copied, and after that as the storage peers said. */
export function picturedDistribution(state: DistributionState): HealthPicture {
  const count = 'peers' in state ? Math.min(state.peers, MAX_DRAWN_PEERS) : 0
  const peers = new Array<DrawnPeer>(count).fill(state.status === 'sending' ? 'sent' : 'acknowledged')
  if (state.status === 'done') return { peers, share: 1 }
  if (state.status !== 'sending' || state.piecesWanted === 0) return { peers, share: 0 }
  return { peers, share: Math.min(1, state.piecesStored / state.piecesWanted) }
}

/** As audits found it: tabs are not drawn, because they do not count. */
export function picturedHolders(
  holders: readonly HolderReport[],
  health: { readonly pieces: number; readonly target: number } | undefined
): HealthPicture {
  const peers = holders
    .filter(({ durable }) => durable)
    .map(({ audit }): DrawnPeer => (audit === 'proven' || audit === 'failed' ? audit : 'absent'))
  return { peers, share: health && health.target > 0 ? Math.min(1, health.pieces / health.target) : 0 }
}

/** Who holds a content: this device in the middle, storage peers around it, and a ring that closes as pieces are there. */
export function drawHealth({ peers, share }: HealthPicture): SVGSVGElement {
  const svg = shape('svg', { viewBox: `0 0 ${SIZE} ${SIZE}`, width: SIZE, height: SIZE, 'aria-hidden': 'true' })
  svg.classList.add('health-picture')
  const drawn = peers.slice(0, MAX_DRAWN_PEERS)
  for (const [index, peer] of drawn.entries()) {
    const angle = (index / drawn.length) * 2 * Math.PI - Math.PI / 2
    const [x, y] = [CENTER + ORBIT * Math.cos(angle), CENTER + ORBIT * Math.sin(angle)]
    svg.append(shape('line', { class: `tie ${peer}`, x1: CENTER, y1: CENTER, x2: x, y2: y }))
    svg.append(shape('circle', { class: `peer ${peer}`, cx: x, cy: y, r: 4 }))
    // not by colour alone
    if (peer === 'failed') svg.append(shape('path', { class: 'cross', d: `M${x - 2} ${y - 2}l4 4m0-4l-4 4` }))
  }
  if (drawn.length === 0) svg.append(shape('circle', { class: 'alone', cx: CENTER, cy: CENTER, r: ORBIT }))
  svg.append(shape('circle', { class: 'track', cx: CENTER, cy: CENTER, r: RING }))
  if (share > 0) {
    const around = 2 * Math.PI * RING
    svg.append(
      shape('circle', {
        class: 'ring',
        cx: CENTER,
        cy: CENTER,
        r: RING,
        'stroke-dasharray': `${around * share} ${around}`,
        transform: `rotate(-90 ${CENTER} ${CENTER})`
      })
    )
  }
  svg.append(shape('circle', { class: 'self', cx: CENTER, cy: CENTER, r: 6 }))
  return svg
}

function shape<Name extends keyof SVGElementTagNameMap>(
  name: Name,
  attributes: Readonly<Record<string, string | number>>
): SVGElementTagNameMap[Name] {
  const made = document.createElementNS(SVG, name)
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value))
  return made
}
