import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import type { ImportEdge } from './import-rules.ts'

const SKIPPED = new Set(['node_modules', 'dist', '.cache', 'coverage'])

/** Every import, re-export and dynamic import of the TypeScript files below `folders`, found by the compiler's own scanner. */
export function scanImports(root: string, folders: readonly string[]): { files: number; edges: ImportEdge[] } {
  const files = folders.flatMap(folder => typescriptFiles(root, folder))
  const edges = files.flatMap(file => {
    const { importedFiles } = ts.preProcessFile(readFileSync(join(root, file), 'utf8'), true, true)
    return importedFiles.map(({ fileName }) => ({ from: file, specifier: fileName }))
  })
  return { files: files.length, edges }
}

function typescriptFiles(root: string, folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap(entry => {
    const path = `${folder}/${entry.name}`
    if (entry.isDirectory()) return SKIPPED.has(entry.name) ? [] : typescriptFiles(root, path)
    return /\.[mc]?tsx?$/.test(entry.name) ? [path] : []
  })
}
