/**
 * npm leaves a platform's binary package out of package-lock.json when the machine that writes the lock cannot see it (another
 * platform, a registry mirror without it); `npm ci` then refuses the lock on every machine (npm/cli#4828). These entries are
 * added back by name and version: enough for npm to skip them where they do not fit, and to install them where they do.
 */
export interface LockedPackage {
  readonly version?: string
  readonly optional?: boolean
  readonly os?: readonly string[]
  readonly cpu?: readonly string[]
  readonly libc?: readonly string[]
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

export type LockedPackages = Readonly<Record<string, LockedPackage>>

const SYSTEMS: Readonly<Record<string, string>> = {
  aix: 'aix',
  android: 'android',
  darwin: 'darwin',
  freebsd: 'freebsd',
  linux: 'linux',
  netbsd: 'netbsd',
  openbsd: 'openbsd',
  openharmony: 'openharmony',
  sunos: 'sunos',
  win32: 'win32'
}

const PROCESSORS = ['arm64', 'arm', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'wasm32', 'x64']

/** Entries that `packages` names as optional dependencies and does not have, by their place in node_modules. */
export function missingEntries(packages: LockedPackages): Record<string, LockedPackage> {
  const missing: Record<string, LockedPackage> = {}
  for (const [path, entry] of Object.entries(packages)) {
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      const found = nearest({ ...packages, ...missing }, path, name)
      if (found === undefined) missing[`node_modules/${name}`] = platformEntry(name, version)
      // Another version than the one asked for, for another dependent: this one gets its own.
      else if (found.version !== version && isExact(version)) {
        missing[`${path}/node_modules/${name}`] = platformEntry(name, version)
      }
    }
  }
  return missing
}

/** Node's own search: beside the dependent, then up the folders. */
function nearest(packages: LockedPackages, from: string, name: string): LockedPackage | undefined {
  const parts = from === '' ? [] : from.split('/')
  for (let depth = parts.length; depth >= 0; depth--) {
    if (parts[depth - 1] === 'node_modules') continue
    const found = packages[[...parts.slice(0, depth), 'node_modules', name].join('/')]
    if (found !== undefined) return found
  }
  return undefined
}

function isExact(version: string): boolean {
  return /^\d+\.\d+\.\d+[\w.-]*$/.test(version)
}

/** @throws Error when the name does not say the platform, or the version is a range: such an entry has to be made by npm */
function platformEntry(name: string, version: string): LockedPackage {
  const words = name.split(/[/-]/)
  const os = words.map(word => SYSTEMS[word]).find(system => system !== undefined)
  const cpu = PROCESSORS.find(processor => words.includes(processor))
  if ((os === undefined && cpu === undefined) || !isExact(version)) {
    throw new Error(`cannot tell the platform of ${name}@${version}: run "npm install" where the registry has it`)
  }
  const libc = os !== 'linux' ? undefined : name.includes('musl') ? 'musl' : name.includes('gnu') ? 'glibc' : undefined
  return {
    version,
    ...(cpu === undefined ? {} : { cpu: [cpu] }),
    ...(libc === undefined ? {} : { libc: [libc] }),
    optional: true,
    ...(os === undefined ? {} : { os: [os] })
  }
}
