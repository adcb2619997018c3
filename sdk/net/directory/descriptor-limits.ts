/** Bounds of docs/protocol/craftnet.md §1. */
export const MAX_DESCRIPTOR_BYTES = 4096
/** Onion keys rotate at least daily and the previous one is honoured for one epoch more. */
export const MAX_LIFETIME_S = 48 * 3600
/** How far a signer's clock may run ahead. */
export const MAX_CLOCK_SKEW_S = 600
export const MAX_ONION_KEYS = 2
export const MAX_ADDRESSES = 8
export const MAX_ADDRESS_BYTES = 256
export const MAX_REGION_BYTES = 16
export const MAX_FAMILY = 16
export const MAX_EXIT_PORT_RANGES = 16
/** Times beyond this (the year 36,812) are no times, and stay exact in a number. */
export const MAX_TIME_S = 2 ** 40
