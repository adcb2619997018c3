import { CraftecError } from '../../sdk/errors/index.ts'

const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KIB: 2 ** 10,
  MIB: 2 ** 20,
  GIB: 2 ** 30,
  TIB: 2 ** 40
}
const SIZE = /^(\d+(?:\.\d+)?)\s*([KMGT]i?B)?$/i

/** What {@link parseByteSize} takes. */
export function isByteSize(text: string): boolean {
  return SIZE.test(text)
}

/** `50GB`, `1.5 TiB`, `1000000`: bytes, rounded down. @throws CraftecError `config-invalid` */
export function parseByteSize(text: string): number {
  const [, number = '', unit = ''] = SIZE.exec(text) ?? []
  const bytes = Math.floor(Number(number) * (UNITS[unit.toUpperCase()] ?? Number.NaN))
  if (number === '' || !Number.isSafeInteger(bytes))
    throw new CraftecError('config-invalid', `expected a size such as 50GB or 500MiB, got "${text}"`)
  return bytes
}
