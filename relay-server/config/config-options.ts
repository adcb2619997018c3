import type { z } from 'zod'
import { configSchema } from './config-schema.ts'

export type OptionKind = 'text' | 'number' | 'boolean' | 'list' | 'map'

/** One setting, as flag, environment variable and key of the file. */
export interface ConfigOption {
  /** Keys from the root: `['metrics', 'port']`. */
  readonly path: readonly string[]
  readonly kind: OptionKind
  /** `--metrics-port` */
  readonly flag: string
  /** `CRAFTEC_METRICS_PORT` */
  readonly variable: string
  readonly description: string
  /** Allowed words, if the setting is one of few. */
  readonly choices: readonly string[]
  readonly defaultValue: unknown
}

type AnySchema = z.ZodType & { readonly def: { readonly type: string; readonly innerType?: AnySchema } }

/** Units with inner capitals are one word: `bandwidthKiBps` is `bandwidth-kibps`. */
const WORD = /KiBps|GiB|[A-Z]?[a-z]+/g

/** Every setting of the schema, in its order. Settings that are maps exist only in the file. */
export function configOptions(): ConfigOption[] {
  return optionsOf(configSchema, [])
}

function optionsOf(schema: z.ZodObject, parent: readonly string[]): ConfigOption[] {
  return Object.entries(schema.shape).flatMap(([key, member]) => {
    const path = [...parent, key]
    const { inner, defaultValue } = unwrap(member as AnySchema)
    if (inner.def.type === 'object') return optionsOf(inner as unknown as z.ZodObject, path)
    const words = path.flatMap(part => (part.match(WORD) ?? []).map(word => word.toLowerCase()))
    return [
      {
        path,
        kind: kindOf(inner),
        flag: `--${words.join('-')}`,
        variable: `CRAFTEC_${words.join('_').toUpperCase()}`,
        description: (member as z.ZodType).description ?? '',
        choices: choicesOf(inner),
        defaultValue
      }
    ]
  })
}

function unwrap(schema: AnySchema): { inner: AnySchema; defaultValue: unknown } {
  const inner = schema.def.innerType
  if (inner === undefined) return { inner: schema, defaultValue: undefined }
  return { inner: unwrap(inner).inner, defaultValue: schema.safeParse(undefined).data }
}

function kindOf({ def }: AnySchema): OptionKind {
  if (def.type === 'array') return 'list'
  if (def.type === 'record') return 'map'
  if (def.type === 'number' || def.type === 'boolean') return def.type
  return 'text'
}

function choicesOf(schema: AnySchema): readonly string[] {
  const item = schema.def.type === 'array' ? (schema as unknown as z.ZodArray).element : schema
  return (item as AnySchema).def.type === 'enum' ? ((item as unknown as z.ZodEnum).options as string[]) : []
}
