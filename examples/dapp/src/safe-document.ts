/**
 * Turn a fetched page into a document that is safe to show: it runs nothing and loads nothing.
 * Three fences, each enough alone: DOMPurify's allow-list, a policy inside the document, and the frame's sandbox.
 * Anything that would make the browser itself connect (images, style sheets, refresh, prefetch, forms) would show the
 * visitor's address to the site, so it is removed rather than proxied.
 */
import DOMPurify from 'dompurify'

const POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; base-uri 'none'"

/** Where a link's address is kept: out of the browser's sight. */
export const LINK_ATTRIBUTE = 'data-target'

/** @param base the page's own address, against which its links are resolved */
export function safeDocument(html: string, base: string): string {
  const clean = DOMPurify.sanitize(html, {
    WHOLE_DOCUMENT: true,
    RETURN_DOM: true,
    USE_PROFILES: { html: true },
    ADD_TAGS: ['style'],
    FORBID_TAGS: [
      'form',
      'input',
      'button',
      'textarea',
      'select',
      'video',
      'audio',
      'source',
      'track',
      'picture',
      'link',
      'meta',
      'base',
      'iframe',
      'object',
      'embed'
    ],
    FORBID_ATTR: ['srcset', 'background', 'poster', 'ping', 'target', 'action'],
    ALLOW_DATA_ATTR: false
  })
  // With WHOLE_DOCUMENT and RETURN_DOM it is the <html> element; its type says less.
  if (!(clean instanceof Element)) return ''
  for (const image of clean.querySelectorAll('img')) {
    if (image.getAttribute('src')?.startsWith('data:image/')) continue
    image.replaceWith(document.createTextNode(image.alt ? `[image: ${image.alt}]` : ''))
  }
  // A link with an address makes browsers look its host up, connect on hover, and offer to open it outside of the circuit.
  for (const link of clean.querySelectorAll('a[href], area[href]')) {
    const target = resolve(link.getAttribute('href') ?? '', base)
    link.removeAttribute('href')
    if (!target) continue
    link.setAttribute(LINK_ATTRIBUTE, target)
    link.setAttribute('role', 'link')
    link.setAttribute('tabindex', '0')
  }
  const style = document.createElement('style')
  style.textContent = `[${LINK_ATTRIBUTE}] { color: LinkText; text-decoration: underline; cursor: pointer }`
  const policy = document.createElement('meta')
  policy.httpEquiv = 'Content-Security-Policy'
  policy.content = POLICY
  const head = clean.querySelector('head') ?? clean.insertBefore(document.createElement('head'), clean.firstChild)
  head.prepend(policy, style)
  return `<!doctype html>${clean.outerHTML}`
}

/** An http(s) address, or undefined. */
function resolve(href: string, base: string): string | undefined {
  const url = URL.parse(href, base)
  return url && (url.protocol === 'http:' || url.protocol === 'https:') ? url.href : undefined
}
