import { afterEach, describe, it } from 'vitest'
import { CrashDisk } from '../../../test/kit/crash-disk.ts'
import { describePieceStore } from '../../../test/kit/piece-store-contract.ts'
import { pieceRoot } from '../../../test/kit/store-content.ts'
import { openIndexedPieceStore } from './indexed-piece-store.ts'

for (const kind of ['slab files', 'index only']) {
  let disk = new CrashDisk()
  describePieceStore(
    {
      name: `indexed, ${kind}`,
      durable: true,
      policy: true,
      open: policy =>
        openIndexedPieceStore({
          ...policy,
          index: disk.index(),
          ...(kind === 'slab files' ? { slabs: disk.folder() } : {}),
          pieceRoot
        }),
      reset: async () => {
        disk = new CrashDisk()
      }
    },
    { describe, it, afterEach }
  )
}
