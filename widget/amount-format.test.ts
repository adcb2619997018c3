import { expect, it } from 'vitest'
import { AmountFormat } from './amount-format.ts'

it('writes sizes, speeds and durations in the language asked for', () => {
  const english = new AmountFormat('en')
  expect(english.size(0)).toBe('0 bytes')
  expect(english.size(999)).toBe('999 bytes')
  expect(english.size(1_500_000)).toBe('1.5 MB')
  expect(english.speed(2_000)).toBe('2 kB/s')
  expect(english.duration(1)).toBe('1 sec')
  expect(english.duration(61_000)).toBe('2 min')
  expect(english.duration(5_400_000)).toBe('1.5 hr')
  expect(new AmountFormat('de').size(1_500_000)).toBe('1,5 MB')
})

it('takes the language of the browser where it is given none, or nonsense', () => {
  expect(new AmountFormat('no such language').size(5)).toBe(new AmountFormat(undefined).size(5))
})
