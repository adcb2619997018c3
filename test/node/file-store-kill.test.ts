import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { openFileStore } from '../../relay-server/store/index.ts'
import type { Recovery } from '../../sdk/obj/index.ts'
import { PIECES, segmentContent } from '../kit/segment-content.ts'
import { pieces } from '../kit/store-content.ts'

const SEGMENTS = 40
const folders: string[] = []
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true })
})

it.each([1, 4, 9])(
  'a store in a folder, killed after %i puts, has all that was acknowledged and nothing half',
  async acknowledged => {
    const folder = await mkdtemp(join(tmpdir(), 'craftec-store-'))
    folders.push(folder)
    await killWhilePutting(folder, acknowledged)
    const recoveries: Recovery[] = []
    const store = await openFileStore({ folder, onRecovery: recovery => recoveries.push(recovery) })
    expect(recoveries).toMatchObject([{ unclean: true, lost: [] }])
    const content = segmentContent(1, SEGMENTS)
    const held = await store.held(content.manifestId)
    const complete = held.filter(count => count === PIECES).length
    expect(held.filter(count => count !== 0 && count !== PIECES)).toHaveLength(0)
    expect(complete).toBeGreaterThanOrEqual(acknowledged)
    for (let segment = 0; segment < complete; segment++)
      for (const { record, data } of pieces(content, segment, PIECES)) {
        const read = await store.readPiece(content.manifestId, segment, record.id)
        expect(Buffer.compare(read ?? new Uint8Array(0), data)).toBe(0)
      }
    expect(await store.verify()).toMatchObject({ checked: complete * PIECES, lostCount: 0 })
    await store.close()
  }
)

async function killWhilePutting(folder: string, acknowledged: number): Promise<void> {
  const writer = join(import.meta.dirname, '../kit/store-writer.ts')
  const execArgv = ['--disable-warning=ExperimentalWarning']
  const child: ChildProcess = fork(writer, [folder, String(SEGMENTS)], { execArgv })
  let done = 0
  child.on('message', () => {
    if (++done === acknowledged) child.kill('SIGKILL')
  })
  const [, signal] = await once(child, 'exit')
  expect(signal).toBe('SIGKILL')
}
