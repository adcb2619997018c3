import type { DistributionState } from '../sdk/obj/index.ts'
import type { AmountFormat } from './amount-format.ts'
import { fill, type StorageStrings } from './storage-strings.ts'

const SVG = 'http://www.w3.org/2000/svg'
const SIZE = 56
const CENTER = SIZE / 2
const ORBIT = 22
const RING = 13
/** More would be a blur. */
const MAX_DRAWN_PEERS = 12

/** Who holds a content: this device in the middle, storage peers around it, and a ring that closes as pieces are acknowledged. */
export function healthPicture(state: DistributionState): SVGSVGElement {
  const svg = shape('svg', { viewBox: `0 0 ${SIZE} ${SIZE}`, width: SIZE, height: SIZE, 'aria-hidden': 'true' })
  const peers = 'peers' in state ? Math.min(state.peers, MAX_DRAWN_PEERS) : 0
  svg.classList.add('health-picture')
  svg.dataset.status = state.status
  for (let index = 0; index < peers; index++) {
    const angle = (index / peers) * 2 * Math.PI - Math.PI / 2
    const [x, y] = [CENTER + ORBIT * Math.cos(angle), CENTER + ORBIT * Math.sin(angle)]
    svg.append(shape('line', { class: 'tie', x1: CENTER, y1: CENTER, x2: x, y2: y }))
    svg.append(shape('circle', { class: 'peer', cx: x, cy: y, r: 4 }))
  }
  if (peers === 0) svg.append(shape('circle', { class: 'alone', cx: CENTER, cy: CENTER, r: ORBIT }))
  svg.append(shape('circle', { class: 'track', cx: CENTER, cy: CENTER, r: RING }))
  const share = spreadShare(state)
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

/** The same in words, for everybody. */
export function healthText(state: DistributionState, strings: StorageStrings, format: AmountFormat): string {
  switch (state.status) {
    case 'waiting':
      return strings.spreadWaiting
    case 'sending':
      return fill(strings.spreading, {
        peers: format.count(state.peers),
        stored: format.count(state.piecesStored),
        wanted: format.count(state.piecesWanted)
      })
    case 'done':
      return fill(strings.spreadDone, { peers: format.count(state.peers) })
    case 'local':
      return strings.spreadLocal
    case 'stopped':
      return strings.spreadStopped
  }
}

function spreadShare(state: DistributionState): number {
  if (state.status === 'done') return 1
  if (state.status !== 'sending' || state.piecesWanted === 0) return 0
  return Math.min(1, state.piecesStored / state.piecesWanted)
}

function shape<Name extends keyof SVGElementTagNameMap>(
  name: Name,
  attributes: Readonly<Record<string, string | number>>
): SVGElementTagNameMap[Name] {
  const made = document.createElementNS(SVG, name)
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value))
  return made
}
