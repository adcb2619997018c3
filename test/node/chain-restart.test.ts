/** A chain that stops, and one that is killed, and what the next one finds. */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Connection, Keypair, LAMPORTS_PER_SOL, PublicKey, Transaction } from '@solana/web3.js'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Chain, type ChainOptions, settlementProgram, startChain } from '../../chain/index.ts'
import { configAccount, type Instruction, parseAddress, SettlementAddresses } from '../../sdk/settlement/index.ts'
import { pause, unpause } from '../../sdk/settlement/operator/index.ts'
import { ManualClock } from '../kit/manual-clock.ts'
import { startRelayProcess } from '../kit/relay-process.ts'

let folder: string
let stateFile: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'craftec-chain-'))
  stateFile = join(folder, 'chain.state')
})

afterEach(() => rm(folder, { recursive: true, force: true }))

async function withChain<Result>(
  options: ChainOptions,
  use: (chain: Chain, connection: Connection) => Promise<Result>
): Promise<Result> {
  const chain = await startChain({ stateFile, manualBlocks: true, testMethods: true, ...options })
  try {
    return await use(chain, new Connection(chain.url, 'confirmed'))
  } finally {
    await chain.stop()
  }
}

describe('a chain with a state file', () => {
  it('goes on where it stopped: money, history, blockhashes, addresses, time', async () => {
    const user = Keypair.generate().publicKey
    const before = await withChain({}, async (chain, connection) => {
      const signature = await connection.requestAirdrop(user, LAMPORTS_PER_SOL)
      await fetch(chain.url, {
        method: 'POST',
        body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'craftec_advanceTime', params: [1_000_000] })
      })
      const { blockhash } = await connection.getLatestBlockhash()
      const slot = await connection.getSlot()
      return { chain, signature, blockhash, slot, time: (await connection.getBlockTime(slot)) ?? 0 }
    })
    await withChain({}, async (chain, connection) => {
      expect([chain.genesisHash, chain.mint, chain.wallet]).toEqual([
        before.chain.genesisHash,
        before.chain.mint,
        before.chain.wallet
      ])
      expect(await connection.getBalance(user)).toBe(LAMPORTS_PER_SOL)
      expect((await connection.getSignatureStatus(before.signature)).value).toMatchObject({ err: null })
      expect(await connection.getTransaction(before.signature, { maxSupportedTransactionVersion: 0 })).not.toBeNull()
      expect((await connection.isBlockhashValid(before.blockhash)).value).toBe(true)
      expect(await connection.getSlot()).toBe(before.slot)
      expect(await connection.getBlockTime(before.slot)).toBe(before.time)
    })
  })

  it('runs its programs again at once, with the accounts they had', async () => {
    const programs = [await settlementProgram()]
    const at = new SettlementAddresses()
    const paused = async (connection: Connection): Promise<boolean> => {
      const account = await connection.getAccountInfo(new PublicKey(at.config()))
      if (account === null) throw new Error('not configured')
      return configAccount.decode(at.program, { owner: at.program, data: account.data }).paused
    }
    const send = async (chain: Chain, connection: Connection, instruction: Instruction): Promise<void> => {
      const admin = Keypair.fromSeed(chain.admin.secretKey)
      const keys = instruction.accounts.map(({ address, signer, writable }) => ({
        pubkey: new PublicKey(address),
        isSigner: signer,
        isWritable: writable
      }))
      const programId = new PublicKey(instruction.program)
      const transaction = new Transaction().add({ programId, keys, data: Buffer.from(instruction.data) })
      // Final at once here; web3.js's way of confirming goes on asking after the chain has stopped.
      await connection.sendTransaction(transaction, [admin])
    }
    await withChain({ programs }, async (chain, connection) => {
      expect(await paused(connection)).toBe(false)
      await send(chain, connection, pause(at, parseAddress(chain.admin.address)))
    })
    await withChain({ programs }, async (chain, connection) => {
      expect(await paused(connection)).toBe(true)
      await send(chain, connection, unpause(at, parseAddress(chain.admin.address)))
      expect(await paused(connection)).toBe(false)
    })
  })

  it('is one command, that ends when it is asked to and is found again by the next', async () => {
    const run = async (use: (status: { url: string; wallet: string }) => Promise<void>): Promise<void> => {
      const { child, ended, output } = startRelayProcess({ path: 'chain/cli.ts' }, [
        '--port',
        '0',
        '--json',
        '--state',
        stateFile
      ])
      try {
        await expect.poll(output, { timeout: 20_000 }).toContain('\n')
        await use(JSON.parse(output()))
        child.kill('SIGTERM')
        expect(await ended).toBe(0)
      } finally {
        child.kill('SIGKILL')
      }
    }
    const user = Keypair.generate().publicKey
    let wallet = ''
    await run(async status => {
      await new Connection(status.url).requestAirdrop(user, LAMPORTS_PER_SOL)
      wallet = status.wallet
    })
    await run(async status => {
      expect(await new Connection(status.url, 'confirmed').getBalance(user)).toBe(LAMPORTS_PER_SOL)
      expect(status.wallet).toBe(wallet)
    })
  })

  it('is a different chain without its file', async () => {
    const genesis = (): Promise<string> => withChain({}, async chain => chain.genesisHash)
    const first = await genesis()
    await rm(stateFile)
    expect(await genesis()).not.toBe(first)
  })

  it('is on disk soon after a change, so that a crash costs seconds', async () => {
    const clock = new ManualClock()
    const user = Keypair.generate().publicKey
    const chain = await startChain({ stateFile, manualBlocks: true, clock })
    const connection = new Connection(chain.url)
    await connection.requestAirdrop(user, LAMPORTS_PER_SOL)
    clock.advance(5_000)
    await expect.poll(() => readdir(folder)).toEqual(['chain.state'])
    // The first chain still runs, as one would that was killed: what counts is what it has written.
    await withChain({}, async (_, reread) => expect(await reread.getBalance(user)).toBe(LAMPORTS_PER_SOL))
    await chain.stop()
  })

  it('refuses a damaged file instead of beginning anew', async () => {
    await withChain({}, async () => {})
    const good = await readFile(stateFile)
    const damages: [string, Buffer][] = [
      ['not the state', Buffer.from('hello')],
      ['not the state', Buffer.alloc(0)],
      ['damaged', good.subarray(0, good.length - 1)],
      ['damaged', Buffer.concat([good.subarray(0, -1), Buffer.from([(good.at(-1) ?? 0) ^ 1])])],
      ['version', Buffer.concat([good.subarray(0, 14), Buffer.from([99]), good.subarray(15)])]
    ]
    for (const [why, bytes] of damages) {
      await writeFile(stateFile, bytes)
      await expect(startChain({ stateFile })).rejects.toMatchObject({
        code: 'malformed',
        message: expect.stringContaining(why)
      })
    }
    expect(await readFile(stateFile)).toEqual(damages.at(-1)?.[1])
  })

  it('warns when it cannot save, and goes on', async () => {
    const warnings: string[] = []
    const log = { info: () => {}, warn: (text: string) => void warnings.push(text) }
    const chain = await startChain({ stateFile: join(folder, 'gone', 'chain.state'), manualBlocks: true, log })
    expect(await new Connection(chain.url).getSlot()).toBeGreaterThan(0)
    await chain.stop()
    expect(warnings.join()).toContain('could not be saved')
  })

  it('refuses ports that are taken', async () => {
    await withChain({}, async chain => {
      const port = Number(new URL(chain.url).port)
      for (const taken of [port, port - 1]) {
        await expect(startChain({ port: taken })).rejects.toMatchObject({ code: 'config-invalid' })
      }
    })
  })
})
