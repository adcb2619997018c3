/** Examples in documentation, as code that can be compiled. */
export interface Example {
  /** Where it stands: "sdk/net/fetch.ts:12". */
  readonly origin: string
  readonly code: string
}

const DOCSTRING = /\/\*\*[\s\S]*?\*\//g
const FENCE = /^```(?:ts|js|typescript|javascript)\s*\n([\s\S]*?)^```\s*$/gm

/** The `@example` blocks of a source file; a block ends at the next tag or with its docstring. */
export function docstringExamples(file: string, source: string): Example[] {
  return [...source.matchAll(DOCSTRING)].flatMap(match => {
    const text = match[0]
      .slice(3, -2)
      .split('\n')
      .map(line => line.replace(/^\s*\* ?/, ''))
      .join('\n')
    const blocks = text.split(/^\s*@example\b.*$/m).slice(1)
    return blocks.map(block => ({
      origin: `${file}:${lineOf(source, match.index)}`,
      code: unfence(block.split(/^\s*@[a-z]+\b/m)[0] ?? '').trim()
    }))
  })
}

/** The fenced TypeScript and JavaScript blocks of a Markdown file. */
export function markdownExamples(file: string, source: string): Example[] {
  return [...source.matchAll(FENCE)].map(match => ({
    origin: `${file}:${lineOf(source, match.index)}`,
    code: (match[1] ?? '').trim()
  }))
}

function unfence(block: string): string {
  const fenced = [...block.matchAll(FENCE)].map(match => match[1])
  return fenced.length > 0 ? fenced.join('\n') : block
}

function lineOf(source: string, offset: number): number {
  return source.slice(0, offset).split('\n').length
}
