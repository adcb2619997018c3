import { readFile } from 'node:fs/promises'
import type { z } from 'zod'
import { CraftecError } from '../../sdk/errors/index.ts'
import { configOptions } from './config-options.ts'
import { configSchema, type RelayConfig } from './config-schema.ts'
import { type ConfigSource, fileSource, textSource } from './config-source.ts'
import { nearestName } from './nearest-name.ts'

export interface ConfigInput {
  /** Path of a YAML or JSON file. */
  readonly file?: string
  readonly environment?: Readonly<Record<string, string | undefined>>
  /** Values by flag name, `--metrics-port`. */
  readonly flags?: Readonly<Record<string, string>>
}

/** Names with the prefix that are not settings. */
export const CONFIG_FILE_VARIABLE = 'CRAFTEC_CONFIG'

/**
 * Defaults, overridden by the file, overridden by `CRAFTEC_*` variables, overridden by flags. Lists are replaced, not joined.
 * @throws CraftecError `config-invalid`; the message has one line per problem, each with its exact place
 */
export async function loadConfig(input: ConfigInput): Promise<RelayConfig> {
  const sources: ConfigSource[] = [] // weakest first
  if (input.file !== undefined) sources.push(fileSource(await readConfigFile(input.file), input.file))
  sources.push(environmentSource(input.environment ?? {}))
  sources.push(flagSource(input.flags ?? {}))
  return checkConfig(sources)
}

/** Merge sources, weakest first, and check the result against the schema. */
export function checkConfig(sources: readonly ConfigSource[]): RelayConfig {
  const merged = sources.reduce<Record<string, unknown>>((into, { values }) => mergeInto(into, values), {})
  const result = configSchema.safeParse(merged)
  if (result.success) return result.data
  const lines = result.error.issues.flatMap(issue => issueLines(issue, sources))
  throw new CraftecError('config-invalid', lines.join('\n'), { details: { problems: lines.length } })
}

async function readConfigFile(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code ?? 'unknown error'
    throw new CraftecError('config-invalid', `${path}: cannot be read (${why})`, { cause })
  }
}

function environmentSource(environment: Readonly<Record<string, string | undefined>>): ConfigSource {
  const options = configOptions().filter(option => option.kind !== 'map')
  const byName = new Map(options.map(option => [option.variable, option]))
  const entries = Object.entries(environment).flatMap(([name, text]) => {
    if (!name.startsWith('CRAFTEC_') || name === CONFIG_FILE_VARIABLE || text === undefined || text === '') return []
    const option = byName.get(name)
    if (option === undefined) {
      const hint = suggestion(nearestName(name, [...byName.keys(), CONFIG_FILE_VARIABLE]))
      throw new CraftecError('config-invalid', `environment variable ${name}: no such setting${hint}`)
    }
    return [{ option, text, name: `environment variable ${name}` }]
  })
  return textSource(entries)
}

function flagSource(flags: Readonly<Record<string, string>>): ConfigSource {
  const entries = configOptions().flatMap(option => {
    const text = flags[option.flag]
    return text === undefined ? [] : [{ option, text, name: option.flag }]
  })
  return textSource(entries)
}

function mergeInto(target: Record<string, unknown>, from: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const merged = { ...target }
  for (const [key, value] of Object.entries(from)) {
    const before = merged[key]
    merged[key] = isPlainObject(value) && isPlainObject(before) ? mergeInto(before, value) : value
  }
  return merged
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function issueLines(issue: z.core.$ZodIssue, sources: readonly ConfigSource[]): string[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map(key => {
      const path = [...issue.path, key]
      const siblings = keysAt(issue.path)
      const hint = suggestion(nearestName(key, siblings))
      return `${locate(path, sources, true)}: ${path.join('.')}: no such setting${hint}`
    })
  }
  const text = issue.message.replace(/^Invalid (input|option): /, '').replace(/^Too (small|big): /, '')
  return [`${locate(issue.path, sources, false)}: ${issue.path.map(String).join('.')}: ${text}`]
}

/** Where the value that counts comes from: the strongest source that has it. */
function locate(path: readonly PropertyKey[], sources: readonly ConfigSource[], key: boolean): string {
  const holder = [...sources].reverse().find(({ values }) => has(values, path))
  return (holder ?? sources[0])?.locate(path, key) || 'configuration'
}

function has(values: unknown, path: readonly PropertyKey[]): boolean {
  let at: unknown = values
  for (const part of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, part)) return false
    at = (at as Record<PropertyKey, unknown>)[part]
  }
  return true
}

function keysAt(path: readonly PropertyKey[]): string[] {
  const depth = path.length
  const inside = configOptions().filter(option => path.every((part, index) => option.path[index] === part))
  return [...new Set(inside.flatMap(option => option.path[depth] ?? []))]
}

function suggestion(name: string | undefined): string {
  return name === undefined ? '' : `; did you mean "${name}"?`
}
