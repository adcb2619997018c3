/** Answers as JSON. Lamports and slots are u64: they are written in full, although a client that parses them into a double rounds. */
export function stringifyAnswer(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) => (typeof item === 'bigint' ? rawNumber(item) : item))
}

function rawNumber(value: bigint): unknown {
  return rawJson.rawJSON(value.toString())
}

/** `JSON.rawJSON` (TC39 "JSON.parse source text access"), in Node since 21, not yet in the library types. */
const rawJson = JSON as typeof JSON & { rawJSON(text: string): unknown }
