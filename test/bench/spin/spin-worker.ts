/** Pure arithmetic in registers: what a core gives when memory is left out of it. Any message starts it; it answers when done. */
import { ownEndpoint } from '../../../workers/codec/worker-endpoint.ts'

const ITERATIONS = 40_000_000
const endpoint = ownEndpoint()

endpoint.addEventListener('message', () => {
  let x = 1
  for (let i = 0; i < ITERATIONS; i++) x = (Math.imul(x, 1_664_525) + 1_013_904_223) | 0
  endpoint.postMessage(x)
})
