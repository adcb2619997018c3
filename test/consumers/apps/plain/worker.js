import * as craftec from '/node_modules/@craftec/web/dist/bundle/craftec.js'
import * as obj from '/node_modules/@craftec/web/dist/sdk/obj/index.js'
import { check } from '/src/check.js'

self.onmessage = async ({ data }) => {
  self.postMessage(await check(craftec, obj, data))
  self.close()
}
