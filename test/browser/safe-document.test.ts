import { safeDocument } from '../../examples/dapp/src/safe-document.ts'

const BASE = 'http://site.test/folder/page'
const parse = (html: string): Document => new DOMParser().parseFromString(safeDocument(html, BASE), 'text/html')

function expect(holds: boolean, what: string): void {
  if (!holds) throw new Error(what)
}

describe('a fetched page that is shown', () => {
  it('holds nothing that runs or makes the browser connect', () => {
    const hostile = `<html><head><base href="http://evil.test/"><meta http-equiv="refresh" content="0;url=http://evil.test/">
      <link rel="dns-prefetch" href="//evil.test"><link rel="stylesheet" href="http://evil.test/a.css"><script src="http://evil.test/a.js"></script></head>
      <body onload="alert(1)"><img src="http://evil.test/a.png" srcset="http://evil.test/b.png 2x" alt="a cat" onerror="alert(1)">
      <iframe src="http://evil.test/"></iframe><form action="http://evil.test/"><input></form><video src="http://evil.test/v" poster="http://evil.test/p"></video>
      <svg><image href="http://evil.test/i"/></svg><object data="http://evil.test/o"></object><a href="http://evil.test/l" ping="http://evil.test/p">go</a></body></html>`
    const shown = parse(hostile)
    for (const element of shown.querySelectorAll('*'))
      for (const { name, value } of element.attributes)
        expect(name === 'data-target' || !value.includes('evil.test'), `${element.tagName} keeps ${name}="${value}"`)
    expect(
      shown.querySelector('script, link, base, iframe, form, video, object, svg, img, [onload], [onerror]') === null,
      'something active stayed'
    )
    expect(shown.body.textContent?.includes('[image: a cat]') === true, 'the image is not named')
  })

  it('forbids by its own policy, first of all, what a style could still load', () => {
    const first = parse('<style>body { background: url(http://evil.test/) }</style>').head.firstElementChild
    expect(first instanceof HTMLMetaElement && first.httpEquiv === 'Content-Security-Policy', 'the policy is not first')
    expect(
      first?.getAttribute('content')?.startsWith("default-src 'none'") === true,
      'the policy lets something through'
    )
  })

  it('keeps links for the circuit only: resolved, focusable, without an address the browser sees', () => {
    const links = [
      ...parse(
        '<a href="../other?x=1">a</a><a href="javascript:alert(1)">b</a><a href="ftp://x/">c</a>'
      ).querySelectorAll('a')
    ]
    expect(links.length === 3 && links.every(link => !link.hasAttribute('href')), 'a link kept its address')
    expect(
      links.map(link => link.getAttribute('data-target')).join() === 'http://site.test/other?x=1,,',
      'a link leads elsewhere'
    )
    expect(links[0]?.tabIndex === 0, 'a link is out of reach of the keyboard')
  })
})
