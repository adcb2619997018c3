import { caseOf } from './cases.ts'
import { idl } from './client.ts'

/**
 * Compute units of each instruction in its case. Addresses come from fixed keys, so bump searches, and with them the units, repeat.
 * A claim is measured with a receipt, its dearer form, and a proof of two hashes.
 */
export function measureComputeUnits(): Record<string, number> {
  return Object.fromEntries(
    idl.instructions.map(({ name }) => {
      const { world, call } = caseOf(name)
      const outcome = world.send(call)
      if (!outcome.ok) throw new Error(`${name}: ${outcome.error}`)
      return [name, Number(outcome.computeUnits)]
    })
  )
}
