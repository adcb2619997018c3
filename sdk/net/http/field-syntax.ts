/** Character rules of RFC 9110 §5.6.2 (token) and §5.5 (field value), on text where one character is one byte. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
const FIELD_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/

export function isToken(text: string): boolean {
  return TOKEN.test(text)
}

/** No CR, LF, NUL or other control character, and nothing that is not one byte: nothing that could start a new line. */
export function isFieldValue(text: string): boolean {
  return FIELD_VALUE.test(text)
}
