import { expect, it } from 'vitest'
import { previewKind } from './content-preview.ts'

it('previews pictures, films and sound, and nothing that could run code or fill the memory', () => {
  expect(previewKind('image/png', 1000)).toBe('image')
  expect(previewKind('video/mp4', 5e9)).toBe('video')
  expect(previewKind('audio/wav', 1000)).toBe('audio')
  for (const type of ['image/svg+xml', 'text/html', 'application/pdf', '', undefined])
    expect(previewKind(type, 1000)).toBeUndefined()
  expect(previewKind('image/png', 1e9)).toBeUndefined()
})
