import * as craftec from '@craftec/web'
import * as obj from '@craftec/web/obj'
import * as workers from '@craftec/web/workers'
import { check } from './check.js'

globalThis.checkPage = parameters => check(craftec, { ...obj, ...workers }, parameters)

globalThis.checkWorker = parameters =>
  new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' })
    worker.onmessage = ({ data }) => resolve(data)
    worker.onerror = event => reject(new Error(`the worker failed: ${event.message}`))
    worker.postMessage(parameters)
  })
