import type { IncomingHttpHeaders } from 'node:http'

export interface DemoPageFacts {
  readonly remotePort: number
  readonly headers: IncomingHttpHeaders
}

/** The page at `/`: what the origin could see of whoever asked for it. One file, no script, nothing fetched from elsewhere. */
export function demoPage({ remotePort, headers }: DemoPageFacts): string {
  const rows = Object.entries(headers)
    .map(([name, value]) => `<tr><th scope="row">${escapeHtml(name)}</th><td>${escapeHtml(String(value))}</td></tr>`)
    .join('\n')
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Hello from the far side</title>
<style>
:root { color-scheme: light dark; --paper: #f7f5f0; --ink: #1d2330; --soft: #626b7d; --line: #d9d5ca; --accent: #0b6e5f; --card: #fffdf8 }
@media (prefers-color-scheme: dark) { :root { --paper: #12151c; --ink: #e9e6dd; --soft: #98a1b3; --line: #2b313d; --accent: #5fd0b8; --card: #191d26 } }
* { box-sizing: border-box }
body { margin: 0; background: var(--paper); color: var(--ink); font: 17px/1.6 ui-serif, Georgia, serif }
main { max-width: 44rem; margin: 0 auto; padding: clamp(1.5rem, 6vw, 4rem) 1.25rem }
svg { display: block; width: 100%; height: auto; margin: 0 0 1.5rem; color: var(--accent) }
h1 { font-size: clamp(1.8rem, 5vw, 2.8rem); line-height: 1.15; margin: 0 0 .75rem; letter-spacing: -.01em; text-wrap: balance }
p { margin: 0 0 1.25rem; max-width: 38rem }
.lead { color: var(--soft); font-size: 1.1em }
section { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 1.25rem; margin: 0 0 1.5rem }
h2 { font: 600 .8rem/1 ui-sans-serif, system-ui, sans-serif; letter-spacing: .08em; text-transform: uppercase; color: var(--soft); margin: 0 0 .9rem }
table { width: 100%; border-collapse: collapse; font: .85rem/1.5 ui-monospace, monospace; table-layout: fixed }
th, td { text-align: left; vertical-align: top; padding: .3rem 0; border-top: 1px solid var(--line); overflow-wrap: anywhere }
tr:first-child > * { border-top: 0 }
th { width: 38%; font-weight: 600; padding-right: 1rem }
a { color: var(--accent) }
ul { margin: 0; padding-left: 1.1rem }
</style>
</head>
<body>
<main>
<svg viewBox="0 0 640 90" role="img" aria-label="You, three relays, an exit, this page">
<path d="M30 45 C 100 5, 120 85, 180 45 S 280 5, 330 45 S 430 85, 480 45 S 570 20, 610 45" fill="none" stroke="currentColor" stroke-width="2" stroke-dasharray="2 7" stroke-linecap="round"/>
<g fill="currentColor"><circle cx="30" cy="45" r="9"/><circle cx="180" cy="45" r="6"/><circle cx="330" cy="45" r="6"/><circle cx="480" cy="45" r="6"/><rect x="600" y="35" width="20" height="20" rx="4"/></g>
</svg>
<h1>Hello from the far side.</h1>
<p class="lead">This page was served to an exit. The server below does not know who you are, and the first relay does not know that you came here.</p>
<section>
<h2>All that this server saw</h2>
<table>
<tbody>
<tr><th scope="row">connection from port</th><td>${remotePort}</td></tr>
${rows}
</tbody>
</table>
</section>
<section>
<h2>More to fetch</h2>
<ul>
<li><a href="/bytes?n=20000000">20 MB of bytes</a></li>
<li><a href="/slow?ms=300&amp;n=10">a slow answer, line by line</a></li>
<li><a href="/redirect?n=3">three redirects</a></li>
<li><a href="/status?code=404">a page that is not there</a></li>
</ul>
</section>
</main>
</body>
</html>
`
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, character => `&#${character.charCodeAt(0)};`)
}
