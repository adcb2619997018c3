import * as craftec from '/node_modules/@craftec/web/dist/bundle/craftec.js'
import { check } from '/src/check.js'

self.onmessage = async ({ data }) => {
  self.postMessage(await check(craftec, {}, data))
  self.close()
}
