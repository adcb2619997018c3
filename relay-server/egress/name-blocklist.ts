import { open } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { CraftecError } from '../../sdk/errors/index.ts'
import { parseIpAddress } from './ip-address.ts'
import { parseTargetHost } from './target-host.ts'

/** Host names this exit does not connect to. */
export interface NameBlocklist {
  /** @param name canonical: lower case, no root dot */
  has(name: string): boolean
  readonly size: number
}

const MAX_ENTRIES = 2_000_000 // about 200 MB of heap; the largest public lists have under one million
const MAX_FILE_BYTES = 128 * 1024 * 1024

export const EMPTY_BLOCKLIST: NameBlocklist = { has: () => false, size: 0 }

/**
 * `example.com` blocks that name; `.example.com` or `*.example.com` blocks it and every name below it. Lines of a hosts file
 * (`0.0.0.0 example.com`) count as exact names. `#` starts a comment.
 */
export class NameBlocklistBuilder {
  private readonly exact = new Set<string>()
  private readonly suffixes = new Set<string>()

  /** @throws CraftecError `config-invalid` naming `source` and the line */
  addLine(line: string, source: string, lineNumber: number): void {
    const words = line.replace(/#.*$/, '').trim().split(/\s+/)
    const [first = '', ...rest] = words
    const isHostsLine = rest.length > 0 && (first.includes(':') || parseIpAddress(first) !== undefined)
    // Hosts files map addresses to themselves ("0.0.0.0 0.0.0.0"); addresses are the exit policy's business.
    const names = isHostsLine ? rest.filter(name => parseIpAddress(name) === undefined) : words
    for (const name of names) {
      if (name !== '') this.add(name, source, lineNumber)
    }
  }

  private add(entry: string, source: string, lineNumber: number): void {
    const suffix = entry.startsWith('*.') ? entry.slice(2) : entry.startsWith('.') ? entry.slice(1) : undefined
    const name = canonicalName(suffix ?? entry)
    if (name === undefined) {
      throw new CraftecError(
        'config-invalid',
        `${source}, line ${lineNumber}: "${entry.slice(0, 80)}" is not a host name`
      )
    }
    const names = suffix === undefined ? this.exact : this.suffixes
    names.add(name)
    if (this.exact.size + this.suffixes.size > MAX_ENTRIES) {
      throw new CraftecError(
        'config-invalid',
        `${source}: more than ${MAX_ENTRIES} blocked names in all lists together`
      )
    }
  }

  build(): NameBlocklist {
    const { exact, suffixes } = this
    return {
      has: name => exact.has(name) || suffixesOf(name).some(suffix => suffixes.has(suffix)),
      size: exact.size + suffixes.size
    }
  }
}

/**
 * Read blocklist files into one list.
 * @throws CraftecError `config-invalid` when a file cannot be read, is larger than 128 MiB, or has a line that is not a name
 */
export async function loadNameBlocklist(paths: readonly string[]): Promise<NameBlocklist> {
  const builder = new NameBlocklistBuilder()
  for (const path of paths) {
    try {
      await using file = await open(path)
      if ((await file.stat()).size > MAX_FILE_BYTES) {
        throw new CraftecError('config-invalid', `${path}: larger than ${MAX_FILE_BYTES} bytes`)
      }
      let lineNumber = 0
      for await (const line of createInterface({ input: file.createReadStream({ end: MAX_FILE_BYTES }) })) {
        lineNumber += 1
        builder.addLine(line, path, lineNumber)
      }
    } catch (error) {
      throw CraftecError.from(error, 'config-invalid', `${path}: cannot be read as a blocklist`)
    }
  }
  return builder.build()
}

function canonicalName(text: string): string | undefined {
  try {
    const host = parseTargetHost(text)
    return host.kind === 'name' ? host.name : undefined
  } catch {
    return undefined
  }
}

function suffixesOf(name: string): string[] {
  const suffixes = [name]
  for (let dot = name.indexOf('.'); dot >= 0; dot = name.indexOf('.', dot + 1)) suffixes.push(name.slice(dot + 1))
  return suffixes
}
