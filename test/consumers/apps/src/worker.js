import * as craftec from '@craftec/web'
import * as obj from '@craftec/web/obj'
import { check } from './check.js'

self.onmessage = async ({ data }) => {
  self.postMessage(await check(craftec, obj, data))
  self.close()
}
