import { type Document, isCollection, isMap, isScalar, LineCounter, type Node, parseDocument } from 'yaml'
import { CraftecError } from '../../sdk/errors/index.ts'
import type { ConfigOption } from './config-options.ts'

/** Settings from one place, and where exactly each of them stands there. */
export interface ConfigSource {
  readonly values: Readonly<Record<string, unknown>>
  /**
   * Where a setting stands: `relay.yaml:12:3`, `CRAFTEC_METRICS_PORT`, `--metrics-port`.
   * @param key of an unknown key: point at the key itself, not at its value
   */
  locate(path: readonly PropertyKey[], key?: boolean): string
}

const MAX_FILE_BYTES = 1024 * 1024
const MAX_ALIASES = 16 // YAML aliases can blow a small file up ("billion laughs")

/**
 * YAML 1.2, and so JSON.
 * @throws CraftecError `config-invalid` with file, line and column of each syntax error
 */
export function fileSource(text: string, name: string): ConfigSource {
  if (text.length > MAX_FILE_BYTES)
    throw new CraftecError('config-invalid', `${name}: larger than ${MAX_FILE_BYTES} bytes`)
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const at = (offset: number | undefined): string => {
    const { line, col } = lines.linePos(offset ?? 0)
    return `${name}:${line}:${col}`
  }
  if (document.errors.length > 0) {
    const messages = document.errors.map(error => `${at(error.pos[0])}: ${error.message}`)
    throw new CraftecError('config-invalid', messages.join('\n'))
  }
  if (document.contents !== null && !isMap(document.contents)) {
    if (!(isScalar(document.contents) && document.contents.value === null)) {
      throw new CraftecError('config-invalid', `${at(document.contents.range?.[0])}: expected settings, "key: value"`)
    }
  }
  return {
    values: plainValues(document, name),
    locate: (path, key) => at(offsetOf(document, path, key === true))
  }
}

function plainValues(document: Document, name: string): Record<string, unknown> {
  try {
    return (document.toJS({ maxAliasCount: MAX_ALIASES }) ?? {}) as Record<string, unknown>
  } catch (cause) {
    throw new CraftecError('config-invalid', `${name}: aliases expand to more than a configuration needs`, { cause })
  }
}

/** The deepest node on `path` that exists: a missing setting is shown where it would have to stand. */
function offsetOf(document: Document, path: readonly PropertyKey[], wantKey: boolean): number | undefined {
  let node: unknown = document.contents
  let offset = (document.contents as Node | null)?.range?.[0]
  path.forEach((part, index) => {
    if (!isCollection(node)) return
    const pair = isMap(node)
      ? node.items.find(item => (isScalar(item.key) ? String(item.key.value) : undefined) === String(part))
      : undefined
    const value: unknown = pair === undefined ? node.get(part, true) : pair.value
    const isLast = index === path.length - 1
    const target = (isLast && wantKey ? pair?.key : (value ?? pair?.key)) as Node | undefined
    offset = target?.range?.[0] ?? offset
    node = value
  })
  return offset
}

/** Settings given as text, by environment variables or flags. */
export function textSource(
  entries: readonly { readonly option: ConfigOption; readonly text: string; readonly name: string }[]
): ConfigSource {
  const values: Record<string, unknown> = {}
  const names = new Map<string, string>()
  for (const { option, text, name } of entries) {
    setAt(values, option.path, parseText(option, text))
    names.set(option.path.join('.'), name)
  }
  return {
    values,
    locate: path => {
      for (let length = path.length; length > 0; length--) {
        const name = names.get(path.slice(0, length).join('.'))
        if (name !== undefined) return name
      }
      return ''
    }
  }
}

/** Text that is not of the wanted kind stays text, so that the schema words the error. */
function parseText({ kind }: ConfigOption, text: string): unknown {
  if (kind === 'list') {
    return text
      .split(',')
      .map(item => item.trim())
      .filter(item => item !== '')
  }
  if (kind === 'number') return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text
  if (kind === 'boolean') return text === 'true' ? true : text === 'false' ? false : text
  return text
}

function setAt(target: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [head = '', ...rest] = path
  if (rest.length === 0) {
    target[head] = value
    return
  }
  const child = (target[head] ?? {}) as Record<string, unknown>
  target[head] = child
  setAt(child, rest, value)
}
