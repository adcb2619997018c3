/** A page that embeds the widget: what it does beyond that is for the test to look at. */
import '../../../widget/define.ts'
import type { CraftecStorageEventMap } from '../../../widget/index.ts'

interface WidgetPage {
  readonly events: { readonly type: string; readonly detail: unknown }[]
}

const page: WidgetPage = { events: [] }
Object.assign(globalThis, { widgetPage: page })
for (const type of ['craftec-ready', 'craftec-stored', 'craftec-retrieved', 'craftec-error'] as const)
  document.addEventListener(type, event => {
    const { detail } = event as CraftecStorageEventMap[typeof type]
    page.events.push({ type, detail })
  })
if (new URLSearchParams(location.search).has('worker')) {
  const container = navigator.serviceWorker
  container.addEventListener('controllerchange', () => document.documentElement.setAttribute('data-served', ''))
  void container.register('/service-worker.js', { type: 'module' })
}
const storage = document.createElement('craftec-storage')
for (const [name, value] of new URLSearchParams(location.search)) storage.setAttribute(name, value)
document.querySelector('main')?.append(storage)
