/**
 * libcurl.js refuses Node while it starts, and needs nothing of a page afterwards but a `document` to tell that it has started. With this
 * imported before it, it runs in Node, so that its engine is tested beside all others; that it runs in a page is tested in one.
 */
const own = Object.getOwnPropertyDescriptor(globalThis, 'process')
Object.assign(globalThis, { window: globalThis, document: new EventTarget(), location: new URL('http://localhost/') })
Reflect.deleteProperty(globalThis, 'process')
try {
  await import('libcurl.js')
} finally {
  if (own) Object.defineProperty(globalThis, 'process', own)
}

export {}
