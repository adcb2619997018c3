import { afterEach, describe, it } from 'vitest'
import { describePieceStore } from '../../../test/kit/piece-store-contract.ts'
import { createMemoryPieceStore } from './memory-piece-store.ts'

describePieceStore(
  {
    name: 'memory',
    durable: false,
    policy: true,
    open: async policy => createMemoryPieceStore(policy),
    reset: async () => {}
  },
  { describe, it, afterEach }
)
