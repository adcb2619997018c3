/** The chain that `npm start` runs beside the network. Nothing on it has value. */
export interface LocalChain {
  readonly rpc: string
  /** Address of the settlement program. */
  readonly program: string
  /** Whom sessions of this page pay. */
  readonly payee: string
  /** Seed of an account with test money, 32 bytes: everyone who can open this page knows it. */
  readonly testWalletSeed: readonly number[]
}

const CALL_TIMEOUT_MS = 10_000

export function isLocalChain(value: unknown): value is LocalChain {
  const { rpc, program, payee, testWalletSeed } = (value ?? {}) as Partial<LocalChain>
  return (
    [rpc, program, payee].every(text => typeof text === 'string') &&
    Array.isArray(testWalletSeed) &&
    testWalletSeed.every(byte => Number.isInteger(byte) && byte >= 0 && byte < 256)
  )
}

/** Let the chain's clock jump ahead, which no real chain can do. */
export async function advanceTime({ rpc }: LocalChain, seconds: number): Promise<void> {
  const answer = await fetch(rpc, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'craftec_advanceTime', params: [seconds] }),
    signal: AbortSignal.timeout(CALL_TIMEOUT_MS)
  })
  const { error } = (await answer.json()) as { readonly error?: { readonly message: string } }
  if (error) throw new Error(error.message)
}
