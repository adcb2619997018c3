import * as craftec from '@craftec/web'
import * as obj from '@craftec/web/obj'
import * as workers from '@craftec/web/workers'
import { check } from './check.js'

self.onmessage = async ({ data }) => {
  self.postMessage(await check(craftec, { ...obj, ...workers }, data))
  self.close()
}
