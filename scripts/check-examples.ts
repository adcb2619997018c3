/** Compiles every @example of the public docstrings, and those of the README and the guides, against the sources: documentation that lies fails. */
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { docstringExamples, markdownExamples } from '../tools/examples.ts'
import { NATIVE_TSC } from '../tools/native-tsc.ts'
import { runCommand } from '../tools/run-command.ts'

/** As the compiler prints what is wrong: file, line, column, then the words. */
const DIAGNOSTIC = /^example-(\d+)\.ts\((\d+),\d+\): (.*)$/gm

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
for (const [index, { code }] of examples.entries()) {
  writeFileSync(join(folder, `example-${index}.ts`), `${code}\nexport {}\n`)
}
const compilerOptions = { types: [], incremental: false, noUnusedLocals: false, noUnusedParameters: false }
const config = { extends: '../../tsconfig.json', compilerOptions, include: ['example-*.ts'], exclude: [] }
writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))

const argv = ['node', join(root, NATIVE_TSC), '-p', '.', '--pretty', 'false']
const { code, output } = await runCommand(argv, { cwd: folder, timeoutMs: 180_000 })
// Sources that examples import are compiled without Node's types, too; what is said of them is not about the examples.
const diagnostics = [...output.matchAll(DIAGNOSTIC)]
for (const [, index, line, message] of diagnostics) {
  console.error(`${examples[Number(index)]?.origin}, line ${line} of the example: ${message}`)
}
console.log(`${examples.length} examples, ${diagnostics.length} errors`)
const compiled = code === 0 || /: error TS\d+: /.test(output)
if (!compiled) console.error(output)
process.exitCode = compiled && diagnostics.length === 0 && examples.length > 0 ? 0 : 1
