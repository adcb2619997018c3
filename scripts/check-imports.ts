/** Fails when an import points up, reaches into another folder, or takes a library that a folder wraps. */
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { violations } from '../tools/import-rules.ts'
import { scanImports } from '../tools/scan-imports.ts'

const root = resolve(process.argv[2] ?? join(import.meta.dirname, '..'))
const folders = ['sdk', 'workers', 'widget', 'relay-server', 'chain', 'program', 'examples', 'test'].filter(folder =>
  existsSync(join(root, folder))
)
const { files, edges } = scanImports(root, folders)
const hasDoor = (folder: string): boolean => existsSync(join(root, folder, 'index.ts'))
const broken = edges.flatMap(edge => violations(edge, hasDoor))
for (const { from, specifier, why } of broken) console.error(`${from}: imports ${specifier}: ${why}`)
console.log(`${files} files, ${edges.length} imports, ${broken.length} broken rules`)
if (files === 0) console.error(`no TypeScript file below ${root}`)
process.exitCode = broken.length > 0 || files === 0 ? 1 : 0
