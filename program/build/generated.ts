/** The files that are made from the interface description and the recorded compute units, and where they stand. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { computeTable, dispatchHeader, interfaceHeader, interfaceTables, readIdl, withTables } from '../idl/index.ts'

export interface GeneratedFile {
  readonly path: string
  readonly content: string
}

export function generatedFiles(): GeneratedFile[] {
  const idl = readIdl()
  const sources = join(import.meta.dirname, '../src')
  const documents = join(import.meta.dirname, '../../docs')
  const units = JSON.parse(readFileSync(join(import.meta.dirname, '../compute-units.json'), 'utf8'))
  return [
    { path: join(sources, 'interface.h'), content: interfaceHeader(idl) },
    { path: join(sources, 'dispatch.h'), content: dispatchHeader(idl) },
    document(join(documents, 'protocol/settlement.md'), interfaceTables(idl)),
    document(join(documents, 'settlement.md'), computeTable(units))
  ]
}

/** A document keeps its prose. */
function document(path: string, tables: string): GeneratedFile {
  return { path, content: withTables(readFileSync(path, 'utf8'), tables) }
}
