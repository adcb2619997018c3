/** Serves `/craftec/<content id>` to the pages of this site: what they show is read by their own node. */
import { type ContentWorkerScope, handleContentRequests } from '@craftec/web/widget/content-worker'

interface InstallScope extends ContentWorkerScope {
  readonly clients: ContentWorkerScope['clients'] & { claim(): Promise<void> }
  skipWaiting(): Promise<void>
  addEventListener(type: 'fetch' | 'install' | 'activate', listener: (event: Event) => void): void
}

const scope = globalThis as unknown as InstallScope
scope.addEventListener('install', event => (event as ExtendableEvent).waitUntil(scope.skipWaiting()))
scope.addEventListener('activate', event => (event as ExtendableEvent).waitUntil(scope.clients.claim()))
handleContentRequests(scope)

interface ExtendableEvent extends Event {
  waitUntil(task: Promise<unknown>): void
}
