import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BrowserContext, chromium } from 'playwright-core'
import { CHROMIUM_ADVICE, CHROMIUM_ARGS, findChromium, PEER_PERMISSIONS } from './chromium.mjs'

export interface PersistentChromium extends AsyncDisposable {
  readonly context: BrowserContext
  readonly version: string
  /** Folder of the profile; stands in the command line of the browser's process. */
  readonly profile: string
}

/**
 * Chromium with a profile on the disk, as people use it. Playwright's other contexts are incognito, where IndexedDB is in memory and each
 * write to a file of the Origin Private File System crosses processes: figures of storage mean nothing there, and nothing survives.
 * @param origin whose pages can use WebRTC on loopback
 * @throws Error with advice when the machine has none
 */
export async function launchPersistentChromium(origin?: string): Promise<PersistentChromium> {
  const executablePath = findChromium()
  if (executablePath === undefined) throw new Error(CHROMIUM_ADVICE)
  const profile = await mkdtemp(join(tmpdir(), 'craftec-profile-'))
  const context = await chromium.launchPersistentContext(profile, { executablePath, args: [...CHROMIUM_ARGS] })
  if (origin !== undefined) await context.grantPermissions(PEER_PERMISSIONS, { origin })
  return {
    context,
    version: context.browser()?.version() ?? 'unknown',
    profile,
    [Symbol.asyncDispose]: async () => {
      await context.close()
      await rm(profile, { recursive: true, force: true, maxRetries: 5 })
    }
  }
}
