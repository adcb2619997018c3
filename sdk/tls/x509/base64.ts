/** Standard base64, spaces and line ends allowed. @throws DOMException when it is none */
export function decodeBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), character => character.charCodeAt(0))
}
