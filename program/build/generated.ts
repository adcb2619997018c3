/** The files that are made from the interface description, and where they stand. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { dispatchHeader, interfaceHeader, readIdl, withTables } from '../idl/index.ts'

export interface GeneratedFile {
  readonly path: string
  readonly content: string
}

export function generatedFiles(): GeneratedFile[] {
  const idl = readIdl()
  const sources = join(import.meta.dirname, '../src')
  const protocol = join(import.meta.dirname, '../../docs/protocol/settlement.md')
  return [
    { path: join(sources, 'interface.h'), content: interfaceHeader(idl) },
    { path: join(sources, 'dispatch.h'), content: dispatchHeader(idl) },
    { path: protocol, content: withTables(readFileSync(protocol, 'utf8'), idl) }
  ]
}
