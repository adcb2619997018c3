import { createHash } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { identityFromSeed } from '../../sdk/identity/index.ts'
import { EPOCH_MS, ReceiptBook, type ReceiptSide, signStorageReceipt } from '../../sdk/obj/index.ts'
import { runCommandLine } from '../command-line.ts'
import { openFileStore } from '../store/index.ts'

const identity = (seed: number) => identityFromSeed(new Uint8Array(32).fill(seed))
const [self, often, once] = [identity(1), identity(2), identity(3)]
const EPOCH = 1_000_000
const NOW_MS = (EPOCH + 2) * EPOCH_MS

/** A receipt by `challenger` about `node`, so many seconds into an epoch. */
function receipt(challenger: typeof self, node: typeof self, epoch: number, content: number, seconds = 0) {
  const fields = {
    contentId: new Uint8Array(32).fill(content),
    storageNode: node.publicKey,
    shardIndex: 0,
    timestamp: (epoch * EPOCH_MS) / 1000 + seconds,
    nonce: new Uint8Array(32),
    proofHash: new Uint8Array(32)
  }
  return signStorageReceipt(fields, challenger)
}

async function dataFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'receipts-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  return folder
}

/** The data folder of a node that has run. */
async function nodeFolder(): Promise<string> {
  const dataDir = await dataFolder()
  const store = await openFileStore({ folder: join(dataDir, 'store'), reserveBytes: 0 })
  const add = async (side: ReceiptSide, receipts: ReturnType<typeof receipt>[]): Promise<void> =>
    void (await new ReceiptBook(store, side).add(await Promise.all(receipts), NOW_MS))
  await add('earned', [
    receipt(once, self, EPOCH, 7),
    receipt(often, self, EPOCH, 7),
    receipt(often, self, EPOCH, 7, 60),
    receipt(often, self, EPOCH + 1, 8)
  ])
  await add('issued', [receipt(self, once, EPOCH, 9)])
  await store.close()
  return dataDir
}

async function run(...argv: string[]) {
  const printed = { stdout: '', stderr: '' }
  const spies = (['stdout', 'stderr'] as const).map(stream =>
    vi.spyOn(process[stream], 'write').mockImplementation(text => {
      printed[stream] += text
      return true
    })
  )
  try {
    return { code: await runCommandLine(['receipts', ...argv], { version: '0' }), ...printed }
  } finally {
    for (const spy of spies) spy.mockRestore()
  }
}

async function digest(folder: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(join(folder, 'store', 'index.sqlite')))
    .digest('hex')
}

describe('craftec-relay receipts', () => {
  const began = (epoch: number): string => new Date(epoch * EPOCH_MS).toISOString()

  it('counts what a node earned, by epoch and challenger, and changes nothing', async () => {
    const dataDir = await nodeFolder()
    const before = await digest(dataDir)
    const { code, stdout, stderr } = await run('--data-dir', dataDir, '--json')
    expect([code, stderr]).toEqual([0, ''])
    const [one, two] = [
      { peer: once.peerId, receipts: 1, contents: 1 },
      { peer: often.peerId, receipts: 2, contents: 1 }
    ]
    expect(JSON.parse(stdout)).toEqual({
      side: 'earned',
      receipts: 4,
      contents: 2,
      epochs: [
        { epoch: EPOCH, began: began(EPOCH), receipts: 3, contents: 1, peers: [two, one] },
        {
          epoch: EPOCH + 1,
          began: began(EPOCH + 1),
          receipts: 1,
          contents: 1,
          peers: [{ peer: often.peerId, receipts: 1, contents: 1 }]
        }
      ],
      peers: [{ peer: often.peerId, receipts: 3, contents: 2 }, one]
    })
    expect(await digest(dataDir)).toBe(before)
    await (await openFileStore({ folder: join(dataDir, 'store'), reserveBytes: 0 })).close()
  })

  it('prints a table for people', async () => {
    const { code, stdout } = await run('--data-dir', await nodeFolder())
    expect(code).toBe(0)
    expect(
      stdout
        .trimEnd()
        .split('\n')
        .map(row => row.split(/ {2,}/))
    ).toEqual([
      ['epoch began', 'receipts', 'contents', 'challenger'],
      [began(EPOCH), '2', '1', often.peerId],
      [began(EPOCH), '1', '1', once.peerId],
      [began(EPOCH + 1), '1', '1', often.peerId],
      ['all', '3', '2', often.peerId],
      ['all', '1', '1', once.peerId],
      [''],
      ['4 receipts earned, of 2 contents, in 2 epochs']
    ])
  })

  it('shows those that the node made about others, and takes the folder from the surroundings', async () => {
    vi.stubEnv('CRAFTEC_DATA_DIR', await nodeFolder())
    onTestFinished(() => void vi.unstubAllEnvs())
    const { stdout } = await run('--issued', '--json')
    expect(JSON.parse(stdout)).toMatchObject({
      side: 'issued',
      receipts: 1,
      peers: [{ peer: once.peerId, receipts: 1, contents: 1 }]
    })
  })

  it('says so when nobody has given any', async () => {
    const dataDir = await dataFolder()
    await (await openFileStore({ folder: join(dataDir, 'store'), reserveBytes: 0 })).close()
    expect(await run('--data-dir', dataDir)).toMatchObject({
      code: 0,
      stdout: '0 receipts earned, of 0 contents, in 0 epochs\n'
    })
  })

  it('says what is wrong with a folder without a store, with the node’s own, and with a mistake', async () => {
    const dataDir = await dataFolder()
    expect(await run('--data-dir', dataDir)).toMatchObject({ code: 3, stderr: expect.stringContaining('no store in') })
    expect(await readdir(dataDir)).toEqual([])
    const store = await openFileStore({ folder: join(dataDir, 'store'), reserveBytes: 0 })
    expect(await run('--data-dir', dataDir)).toMatchObject({ code: 3, stderr: expect.stringContaining('stop it') })
    await store.close()
    expect((await run('--data-dir', dataDir, '--sum')).code).toBe(2)
    expect((await run('--config', join(dataDir, 'none.yaml'))).code).toBe(2)
    expect(await run('--help')).toMatchObject({ code: 0, stdout: expect.stringContaining('--issued') })
  })
})
