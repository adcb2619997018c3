/** Speeds are of the last seconds: an average over everything answers a change of network too late. */
const WINDOW_MS = 5_000
/** Between samples, so that the window holds a bounded number of them. */
const SPACING_MS = 200

interface Sample {
  readonly atMs: number
  readonly bytes: number
}

/** How fast bytes move, and how long the rest will take. Time is a parameter. */
export class TransferMeter {
  #samples: Sample[] = []

  /** @param bytes moved so far, in all */
  record(bytes: number, nowMs: number): void {
    const last = this.#samples.at(-1)
    if (last && nowMs - last.atMs < SPACING_MS) return
    this.#samples.push({ atMs: nowMs, bytes })
    // the oldest one kept is the first outside of the window, so that there is always something to compare with
    while ((this.#samples[1]?.atMs ?? nowMs) < nowMs - WINDOW_MS) this.#samples.shift()
  }

  /** After a pause: the time in which nothing was meant to move does not count. */
  restart(): void {
    this.#samples = []
  }

  /** @returns bytes a second; undefined while too little is known */
  speed(bytes: number, nowMs: number): number | undefined {
    const first = this.#samples[0]
    if (first === undefined || nowMs - first.atMs < SPACING_MS) return undefined
    return ((bytes - first.bytes) / (nowMs - first.atMs)) * 1000
  }

  /** @returns milliseconds; undefined while it cannot be told */
  remainingMs(bytes: number, total: number | undefined, nowMs: number): number | undefined {
    const speed = this.speed(bytes, nowMs)
    if (total === undefined || speed === undefined || speed <= 0) return undefined
    return ((total - bytes) / speed) * 1000
  }
}
