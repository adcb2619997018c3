import { describe, expect, it } from 'vitest'
import { ENGLISH, fill, withOverrides } from './storage-strings.ts'

describe('the strings of the widget', () => {
  it('can be replaced one by one, error texts too', () => {
    const strings = withOverrides({ copy: 'Link kopieren', errors: { timeout: 'Zu langsam.' } })
    expect(strings).toMatchObject({ copy: 'Link kopieren', save: ENGLISH.save })
    expect(strings.errors).toMatchObject({ timeout: 'Zu langsam.', internal: ENGLISH.errors.internal })
  })

  it('take values, and only those that are given', () => {
    expect(fill('{done} of {total}', { done: '1' })).toBe('1 of {total}')
    expect(fill('{a}', { a: '{b}', b: 'never' })).toBe('{b}')
  })
})
