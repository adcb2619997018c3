/** Plain JavaScript without dependencies: the set-up script runs it before anything is installed. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * @typedef {{ version?: string, integrity?: string, link?: boolean, optional?: boolean, devOptional?: boolean, peer?: boolean }} LockedPackage
 * @typedef {Record<string, LockedPackage>} LockedPackages
 */

/**
 * Whether node_modules holds what package-lock.json asks for, by the record npm itself keeps of what it installed.
 * Comparing beats a timestamp: `npm install` by hand, a new checkout and an interrupted install all come out right.
 * @param {string} root
 */
export function lockIsInstalled(root) {
  const wanted = readPackages(join(root, 'package-lock.json'))
  const installed = readPackages(join(root, 'node_modules', '.package-lock.json'))
  if (wanted === undefined || installed === undefined) return false
  return Object.entries(wanted).every(([path, entry]) => {
    if (!path.startsWith('node_modules/') && !path.includes('/node_modules/')) return true // the root and its workspaces
    const present = installed[path]
    if (present === undefined) return entry.optional === true || entry.devOptional === true // another platform's
    return present.version === entry.version && present.integrity === entry.integrity
  })
}

/**
 * @param {string} file
 * @returns {LockedPackages | undefined}
 */
function readPackages(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages
  } catch {
    return undefined
  }
}
