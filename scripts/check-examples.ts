/** Compiles every @example of the public docstrings, and those of the README and the guides, against the sources: documentation that lies fails. */
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { docstringExamples, markdownExamples } from '../tools/examples.ts'

const root = join(import.meta.dirname, '..')
const folder = join(root, '.cache/examples')
rmSync(folder, { recursive: true, force: true })
mkdirSync(folder, { recursive: true })

const sources = globSync('{sdk,workers,widget}/**/*.ts', { cwd: root }).filter(file => !file.endsWith('.test.ts'))
const documents = globSync('{README,docs/*}.md', { cwd: root })
const examples = [
  ...sources.flatMap(file => docstringExamples(file, readFileSync(join(root, file), 'utf8'))),
  ...documents.flatMap(file => markdownExamples(file, readFileSync(join(root, file), 'utf8')))
]
const files = new Map<string, string>()
for (const [index, { origin, code }] of examples.entries()) {
  const file = join(folder, `example-${index}.ts`)
  writeFileSync(file, `${code}\nexport {}\n`)
  files.set(file, origin)
}

const config = ts.getParsedCommandLineOfConfigFile(
  join(root, 'tsconfig.json'),
  {},
  { ...ts.sys, onUnRecoverableConfigFileDiagnostic: () => {} }
)
if (config === undefined) throw new Error('tsconfig.json does not parse')
const program = ts.createProgram([...files.keys()], {
  ...config.options,
  types: [],
  noUnusedLocals: false,
  noUnusedParameters: false
})
const diagnostics = ts
  .getPreEmitDiagnostics(program)
  .filter(({ file }) => file === undefined || files.has(file.fileName))
for (const { file, messageText, start = 0 } of diagnostics) {
  const line = file === undefined ? 0 : file.getLineAndCharacterOfPosition(start).line + 1
  const origin = file === undefined ? '' : `${files.get(file.fileName)}, line ${line} of the example: `
  console.error(`${origin}${ts.flattenDiagnosticMessageText(messageText, '\n')}`)
}
console.log(`${examples.length} examples, ${diagnostics.length} errors`)
process.exitCode = diagnostics.length > 0 || examples.length === 0 ? 1 : 0
