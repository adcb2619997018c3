/**
 * Which file may import which: arrows point down, folders are entered by their door, and the heavy libraries stay in the
 * one folder that wraps them. See docs/decisions/0001-house.md.
 */
import { posix } from 'node:path'

/** Domains of sdk/, lowest first; those of one row do not know each other. A domain that is in no row fails the check. */
export const LAYERS: readonly (readonly string[])[] = [
  ['errors'],
  ['async'],
  ['wasm'],
  ['codec', 'wasm'],
  ['crypto'],
  ['identity', 'tls'],
  ['p2p'],
  ['net', 'obj', 'ipc'],
  ['settlement', 'receipts', 'tls-libcurl'],
  ['testing']
]

/** Top-level folders, lowest first. Those above `sdk` may import anything below them. */
const HOUSE = ['sdk', 'workers', 'widget', 'relay-server', 'chain', 'examples', 'test']

/** Workers that know sdk/obj and what is below it, so that the composition root above both can start them. */
const WORKERS_OF_ROOT = ['workers/codec', 'workers/storage']

/** Packages that only the named folders may import. Tests and benchmarks may too: they measure against the raw library. */
const WRAPPED: readonly { readonly packages: RegExp; readonly only: readonly string[] }[] = [
  {
    packages: /^(libp2p|@libp2p\/.*|@chainsafe\/libp2p-.*|@multiformats\/.*|it-.*)$/,
    only: ['sdk/p2p', 'relay-server/webtransport']
  },
  { packages: /^@solana\/web3\.js$/, only: ['program'] },
  { packages: /^(litesvm|@solana\/kit)$/, only: ['chain', 'program'] }
]

/** Parts of a domain that the package exports beside it, so that whoever does not need them does not load them. */
const SIDE_DOORS: ReadonlySet<string> = new Set([
  'sdk/settlement/operator/index.ts',
  'sdk/settlement/reference/index.ts'
])

/** Folders that must run in a browser: nothing of Node in them. */
const BROWSER = ['sdk', 'workers', 'widget']

export interface ImportEdge {
  /** Importing file, relative to the root, with slashes. */
  readonly from: string
  /** The specifier as written. */
  readonly specifier: string
}

export interface Violation extends ImportEdge {
  readonly why: string
}

/**
 * Every rule that an import breaks; empty when it breaks none.
 * @param hasDoor whether a folder has an index.ts; a part of a domain needs none, and is then open to its own domain
 */
export function violations(edge: ImportEdge, hasDoor: (folder: string) => boolean): Violation[] {
  const reasons = edge.specifier.startsWith('.') ? relativeReasons(edge, hasDoor) : packageReasons(edge)
  return reasons.map(why => ({ ...edge, why }))
}

function packageReasons({ from, specifier }: ImportEdge): string[] {
  if (isTest(from)) return []
  const reasons: string[] = []
  if (specifier.startsWith('node:') && BROWSER.some(folder => isInside(from, folder))) {
    reasons.push('this folder runs in browsers: no Node module')
  }
  const name = packageName(specifier)
  for (const { packages, only } of WRAPPED) {
    if (packages.test(name) && !only.some(folder => isInside(from, folder))) {
      reasons.push(`only ${only.join(' and ')} may import ${name}`)
    }
  }
  return reasons
}

function relativeReasons(edge: ImportEdge, hasDoor: (folder: string) => boolean): string[] {
  const target = posix.normalize(posix.join(posix.dirname(edge.from), edge.specifier))
  if (target.startsWith('..')) return ['leaves the repository']
  return [
    houseReason(edge.from, target),
    layerReason(edge.from, target),
    doorReason(edge.from, target, hasDoor)
  ].filter(reason => reason !== undefined)
}

function houseReason(from: string, target: string): string | undefined {
  const [fromFloor, targetFloor] = [HOUSE.indexOf(topFolder(from)), HOUSE.indexOf(topFolder(target))]
  const knownByRoot = (file: string): boolean => WORKERS_OF_ROOT.some(folder => isInside(file, folder))
  if (isRoot(target) && knownByRoot(from)) return `${topFolder(from)} is below ${target}, which starts it`
  if (fromFloor === -1 || fromFloor >= targetFloor) return undefined
  if (isRoot(from) && knownByRoot(target)) return undefined
  return isTest(from) ? undefined : `${topFolder(from)} is below ${topFolder(target)}`
}

function layerReason(from: string, target: string): string | undefined {
  const [fromDomain, targetDomain] = [domainOf(from), domainOf(target)]
  if (fromDomain === undefined || targetDomain === undefined || fromDomain === targetDomain) return undefined
  const [fromLayer, targetLayer] = [layerOf(fromDomain), layerOf(targetDomain)]
  if (fromLayer === undefined) return `${fromDomain} has no place in the layers: add it to tools/import-rules.ts`
  if (targetLayer === undefined) return `${targetDomain} has no place in the layers: add it to tools/import-rules.ts`
  if (targetLayer > fromLayer) return `${fromDomain} is below ${targetDomain}`
  return targetLayer === fromLayer ? `${fromDomain} and ${targetDomain} stand side by side` : undefined
}

/** A folder that the importing file is not in is entered through its index.ts; nobody leaves through his own door. */
function doorReason(from: string, target: string, hasDoor: (folder: string) => boolean): string | undefined {
  const steps = posix
    .relative(posix.dirname(from), target)
    .split('/')
    .filter(step => step !== '..')
  const isDoor = posix.basename(target) === 'index.ts'
  if (steps.length === 1) {
    const ownDoor = isDoor && posix.basename(from) !== 'index.ts' && !isTest(from)
    return ownDoor ? 'imports the door of its own folder: import the file itself' : undefined
  }
  if (partOf(from) === partOf(target) && !hasDoor(posix.dirname(target))) return undefined
  if (isInside(from, 'test') || (isTest(from) && isInside(target, 'test'))) return undefined
  if (isRoot(from) && WORKERS_OF_ROOT.some(folder => target === `${folder}/index.ts`)) return undefined
  if (SIDE_DOORS.has(target) && domainOf(from) !== domainOf(target)) return undefined
  // sdk/ is a street, not a house: each domain in it has a door of its own.
  const depth = steps[0] === 'sdk' && domainOf(target) !== undefined ? 3 : 2
  return isDoor && steps.length === depth ? undefined : `reaches into ${posix.dirname(target)}: use its index.ts`
}

/** sdk/net/cell.ts -> net; the composition root (sdk/craftec.ts, sdk/index.ts) has no domain and may import all. */
function domainOf(file: string): string | undefined {
  const parts = file.split('/')
  return parts[0] === 'sdk' && parts.length > 2 ? parts[1] : undefined
}

/** sdk/craftec.ts and what stands beside it. */
function isRoot(file: string): boolean {
  return isInside(file, 'sdk') && file.split('/').length === 2
}

/** The domain of sdk/ or the part of another top-level folder that a file belongs to: sdk/net, relay-server/egress. */
function partOf(file: string): string {
  return posix.dirname(file).split('/').slice(0, 2).join('/')
}

function layerOf(domain: string): number | undefined {
  const layer = LAYERS.findIndex(row => row.includes(domain))
  return layer === -1 ? undefined : layer
}

function packageName(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
}

function topFolder(file: string): string {
  return file.split('/')[0] ?? ''
}

function isInside(file: string, folder: string): boolean {
  return file.startsWith(`${folder}/`)
}

function isTest(file: string): boolean {
  return file.endsWith('.test.ts') || isInside(file, 'test')
}
