import { readdir, readFile } from 'node:fs/promises'

const SAMPLE_MS = 50

/**
 * The most that the renderers of a browser took of anonymous memory while `task` ran, above what they had before, in MiB. Buffers of
 * workers count, since workers live in their page's process. Where there is no /proc there is no such figure.
 * @param profile of the browser: what its command line is known by
 */
export async function peakRendererMiB(profile: string, task: () => Promise<unknown>): Promise<number> {
  if (process.platform !== 'linux') throw new Error('the memory of a process is read from /proc, which only Linux has')
  const idle = await anonymousKiB(profile)
  let peak = idle
  let over = false
  const watching = (async () => {
    while (!over) {
      peak = Math.max(peak, await anonymousKiB(profile))
      await new Promise(resolve => setTimeout(resolve, SAMPLE_MS))
    }
  })()
  try {
    await task()
  } finally {
    over = true
    await watching
  }
  return (peak - idle) / 1024
}

async function anonymousKiB(profile: string): Promise<number> {
  const parents = new Map<number, number>()
  const renderers = new Map<number, number>()
  const browsers = new Set<number>()
  for (const name of await readdir('/proc')) {
    const pid = Number(name)
    if (!Number.isInteger(pid)) continue
    try {
      const [status, command] = await Promise.all([
        readFile(`/proc/${pid}/status`, 'utf8'),
        readFile(`/proc/${pid}/cmdline`, 'utf8')
      ])
      parents.set(pid, field(status, 'PPid'))
      if (command.includes(`--user-data-dir=${profile}`)) browsers.add(pid)
      if (command.includes('--type=renderer')) renderers.set(pid, field(status, 'RssAnon') + field(status, 'RssShmem'))
    } catch {
      // a process that ended meanwhile
    }
  }
  let sum = 0
  for (const [pid, kib] of renderers) if (descends(pid, browsers, parents)) sum += kib
  return sum
}

function descends(pid: number, from: ReadonlySet<number>, parents: ReadonlyMap<number, number>): boolean {
  for (let at: number | undefined = pid; at !== undefined && at > 1; at = parents.get(at)) if (from.has(at)) return true
  return false
}

function field(status: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0)
}
