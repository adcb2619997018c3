const UNITS = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const
const STEP = 1000

/** Sizes, speeds and durations as people of a language write them. */
export class AmountFormat {
  readonly #lang: string | undefined
  readonly #plain: Intl.NumberFormat

  /** @param lang BCP 47; anything else, and none, means the browser's own */
  constructor(lang: string | undefined) {
    this.#lang = lang && isLanguage(lang) ? lang : undefined
    this.#plain = new Intl.NumberFormat(this.#lang)
  }

  count(value: number): string {
    return this.#plain.format(value)
  }

  size(bytes: number): string {
    const power = bytes < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(bytes) / 3))
    return this.#unit(bytes / STEP ** power, UNITS[power] ?? 'byte', power === 0 ? 0 : 1)
  }

  speed(bytesPerSecond: number): string {
    return `${this.size(bytesPerSecond)}/s`
  }

  /** Rounded up: what is promised should not be missed. */
  duration(ms: number): string {
    const seconds = Math.max(1, Math.ceil(ms / 1000))
    if (seconds < 60) return this.#unit(seconds, 'second', 0)
    const minutes = Math.ceil(seconds / 60)
    return minutes < 60 ? this.#unit(minutes, 'minute', 0) : this.#unit(minutes / 60, 'hour', 1)
  }

  /** A day and an hour. @param ms since the Unix epoch */
  date(ms: number): string {
    return new Intl.DateTimeFormat(this.#lang, { dateStyle: 'medium', timeStyle: 'short' }).format(ms)
  }

  #unit(value: number, unit: string, maximumFractionDigits: number): string {
    return new Intl.NumberFormat(this.#lang, {
      style: 'unit',
      unit,
      // "5 byte" is what the short form of some languages says
      unitDisplay: unit === 'byte' ? 'long' : 'short',
      maximumFractionDigits
    }).format(value)
  }
}

function isLanguage(lang: string): boolean {
  try {
    return Intl.getCanonicalLocales(lang).length === 1
  } catch {
    return false
  }
}
