// @ts-nocheck: what it imports is installed only where it runs
const CALL_BYTES = 65_536

/** Fresh bytes that nothing has seen yet. */
export function randomBytes(bytes) {
  const content = new Uint8Array(bytes)
  for (let at = 0; at < bytes; at += CALL_BYTES) crypto.getRandomValues(content.subarray(at, at + CALL_BYTES))
  return content
}
