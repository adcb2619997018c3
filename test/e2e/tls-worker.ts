/** {@link tlsPage} in a worker or a service worker: arguments come with a port, the outcome goes back through it. */
import { tlsPage } from './tls-page.ts'

globalThis.addEventListener('message', event => {
  const { data, ports } = event as MessageEvent<Parameters<ReturnType<typeof tlsPage>['exchange']>>
  void tlsPage()
    .exchange(...data)
    .then(outcome => ports[0]?.postMessage(outcome))
})
