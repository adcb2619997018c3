import { CraftecError } from '../../errors/index.ts'
import { decodeProvenance } from '../piece/index.ts'

/** Place of a committed piece in its segment; undefined for a recoded one, and for what no provenance is. */
export function committedIndex(provenance: Uint8Array): number | undefined {
  try {
    const decoded = decodeProvenance(provenance)
    return decoded.kind === 'committed' ? decoded.index : undefined
  } catch (error) {
    if (error instanceof CraftecError) return undefined
    throw error
  }
}
