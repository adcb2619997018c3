import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * Pack the package as it would be published and install that into a fresh folder, as an application would.
 * The `overrides` entry is the one README.md tells applications to have: without it @libp2p/webrtc pulls in react-native.
 * The folder lies outside the repository: inside, a dependency we forgot to declare would be found in our node_modules.
 * @returns the folder, with node_modules and the apps' sources in it; the caller removes it
 */
export function installPacked(root: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'craftec-consumers-'))
  const packed = npm(root, ['pack', '--ignore-scripts', '--json', '--pack-destination', folder])
  const [{ filename }] = JSON.parse(packed) as [{ filename: string }]
  cpSync(join(root, 'tools/stubs/react-native-webrtc'), join(folder, 'react-native-webrtc'), { recursive: true })
  const manifest = {
    name: 'consumer',
    private: true,
    type: 'module',
    dependencies: { '@craftec/web': `file:./${filename}` },
    overrides: { 'react-native-webrtc': 'file:./react-native-webrtc' }
  }
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest, null, 2))
  npm(folder, ['install', '--prefer-offline', '--no-audit', '--no-fund', '--omit=optional', '--loglevel=error'])
  cpSync(join(root, 'test/consumers/apps'), folder, { recursive: true })
  return folder
}

function npm(cwd: string, args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync('npm', args, { cwd, encoding: 'utf8', maxBuffer: 64 << 20 })
  if (status !== 0) throw new Error(`npm ${args[0]} failed: ${error?.message ?? `${stdout}\n${stderr}`}`)
  return stdout
}
