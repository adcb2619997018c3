/** Ten segments, the last one shorter. */
export const CONTENT_BYTES = 100_000_000
/** What two pages exchange before they are measured: connected, and compiled. */
export const WARM_UP_BYTES = 4_000_000
export const LARGE_BYTES = 2 ** 30
export const RANGE_BYTES = 2 ** 20
/** In the middle, and not where a segment begins. */
export const RANGE_FROM = LARGE_BYTES / 2 + 12_345
/** Pages that hold a content among themselves. */
export const HOLDER_PAGES = 4
