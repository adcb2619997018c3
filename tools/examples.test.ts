import { describe, expect, it } from 'vitest'
import { docstringExamples, markdownExamples } from './examples.ts'

describe('docstringExamples', () => {
  it('finds plain and fenced examples and ends them at the next tag', () => {
    const source = [
      'const before = 1',
      '/**',
      ' * What it does.',
      ' * @example',
      ' * const a = 1',
      ' * use(a)',
      ' * @example with a title',
      ' * ```ts',
      ' * const b = 2',
      ' * ```',
      ' * Words after the fence.',
      ' * @throws never',
      ' */'
    ].join('\n')
    expect(docstringExamples('sdk/x.ts', source)).toEqual([
      { origin: 'sdk/x.ts:2', code: 'const a = 1\nuse(a)' },
      { origin: 'sdk/x.ts:2', code: 'const b = 2' }
    ])
  })

  it('finds nothing where there is no example', () => {
    expect(docstringExamples('sdk/x.ts', '/** What it does. */\nconst example = 1 // @example no')).toEqual([])
  })
})

describe('markdownExamples', () => {
  it('takes code fences of the two languages only', () => {
    const source = ['# Title', '```ts', 'const a = 1', '```', '```bash', 'npm test', '```', ''].join('\n')
    expect(markdownExamples('README.md', source)).toEqual([{ origin: 'README.md:2', code: 'const a = 1' }])
  })
})
