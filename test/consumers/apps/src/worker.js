import * as craftec from '@craftec/web'
import { check } from './check.js'

self.onmessage = async ({ data }) => {
  self.postMessage(await check(craftec, data))
  self.close()
}
