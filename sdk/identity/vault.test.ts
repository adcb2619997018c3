/** The vault's rules, over the store in memory; test/browser/identity-vault.test.ts proves the same over IndexedDB. */
import { beforeEach, describe, expect, it } from 'vitest'
import { systemClock, systemRandom } from '../async/index.ts'
import { CraftecError } from '../errors/index.ts'
import { type Did, didFromPublicKey } from './did.ts'
import { memoryVaultStore } from './memory-vault-store.ts'
import { memoryVault } from './open-vault.ts'
import { createVault, type Vault } from './vault.ts'
import type { VaultStore } from './vault-store.ts'

const CHEAP = { memoryKiB: 8, passes: 1, lanes: 1 }
const coded = (code: string): unknown => expect.objectContaining({ code })
const message = new TextEncoder().encode('hello')
const ABSENT = didFromPublicKey(new Uint8Array(32))

let store: VaultStore
let vault: Vault
beforeEach(() => {
  store = memoryVaultStore(systemRandom)
  vault = createVault({ store, random: systemRandom, clock: systemClock, kdf: CHEAP })
})

/** Change the stored bytes of one identity. */
async function damage(did: Did, change: (sealed: Uint8Array) => Uint8Array): Promise<void> {
  const record = await store.get(did)
  if (record === undefined) throw new Error('no such record')
  expect(await store.replace({ ...record, sealed: change(record.sealed) }, record.sealed)).toBe(true)
}

describe('vault', () => {
  it('opens the identity it created, by the device or by a passphrase', async () => {
    for (const lock of [{}, { passphrase: 'correct horse' }]) {
      const created = await vault.create(lock)
      const opened = await vault.open(created.did, lock)
      expect(opened.peerId).toBe(created.peerId)
      expect(await opened.sign(message)).toEqual(await created.sign(message))
    }
  })

  it('never stores the seed itself, and no two boxes are alike', async () => {
    const seed = new Uint8Array(32).fill(0x5a)
    const counting = (length: number): Uint8Array => (length === 32 ? seed.slice() : systemRandom(length))
    const boxes = []
    for (const lock of [{}, { passphrase: 'p' }]) {
      const own = memoryVaultStore(systemRandom)
      await createVault({ store: own, random: counting, clock: systemClock, kdf: CHEAP }).create(lock)
      const [record] = await own.all()
      boxes.push(Buffer.from(record?.sealed ?? []).toString('hex'))
    }
    for (const box of boxes) expect(box).not.toContain('5a5a5a5a')
    expect(boxes[0]).not.toBe(boxes[1])
  })

  it('lists what it has, oldest first, with the kind of lock', async () => {
    let now = 1000
    vault = createVault({ store, random: systemRandom, clock: { ...systemClock, now: () => now }, kdf: CHEAP })
    const second = await vault.create({ label: 'work', passphrase: 'p' })
    now = 500
    const first = await vault.create({ label: 'home' })
    expect(await vault.list()).toEqual([
      { did: first.did, label: 'home', createdAt: new Date(500), lock: 'device' },
      { did: second.did, label: 'work', createdAt: new Date(1000), lock: 'passphrase' }
    ])
    await vault.remove(first.did)
    await vault.remove(first.did)
    expect((await vault.list()).map(entry => entry.did)).toEqual([second.did])
    await expect(vault.open(first.did)).rejects.toEqual(coded('invalid-argument'))
  })

  it('a wrong or missing passphrase is wrong-passphrase, and changes nothing', async () => {
    const { did } = await vault.create({ passphrase: 'right' })
    const before = await store.all()
    for (const options of [{ passphrase: 'wrong' }, {}]) {
      await expect(vault.open(did, options)).rejects.toEqual(coded('wrong-passphrase'))
      await expect(vault.changePassphrase(did, { ...options, next: 'x' })).rejects.toEqual(coded('wrong-passphrase'))
      await expect(vault.export(did, { ...options, exportPassphrase: 'x' })).rejects.toEqual(coded('wrong-passphrase'))
    }
    expect(await store.all()).toEqual(before)
  })

  it('changes the passphrase: to another, to none, to one again; the old one never opens', async () => {
    const { did, publicKey } = await vault.create({ passphrase: 'one' })
    await vault.changePassphrase(did, { passphrase: 'one', next: 'two' })
    await expect(vault.open(did, { passphrase: 'one' })).rejects.toEqual(coded('wrong-passphrase'))
    await vault.changePassphrase(did, { passphrase: 'two', next: undefined })
    expect((await vault.open(did)).publicKey).toEqual(publicKey)
    await vault.changePassphrase(did, { next: 'three' })
    expect((await vault.open(did, { passphrase: 'three' })).publicKey).toEqual(publicKey)
    await expect(vault.open(did)).rejects.toEqual(coded('wrong-passphrase'))
  })

  it('does not bring back an identity that was removed while its passphrase changed', async () => {
    const { did } = await vault.create({ passphrase: 'one' })
    const removing: VaultStore = {
      ...store,
      replace: async (record, previous) => {
        await store.remove(record.did)
        return store.replace(record, previous)
      }
    }
    const racing = createVault({ store: removing, random: systemRandom, clock: systemClock, kdf: CHEAP })
    await expect(racing.changePassphrase(did, { passphrase: 'one', next: 'two' })).rejects.toEqual(
      coded('invalid-argument')
    )
    expect(await store.all()).toEqual([])
  })

  it('any damaged byte is vault-corrupt, is listed as damaged, and an export brings the identity back', async () => {
    for (const lock of [{}, { passphrase: 'p' }]) {
      const { did } = await vault.create(lock)
      const text = await vault.export(did, { ...lock, exportPassphrase: 'backup' })
      const { length = 0 } = (await store.get(did))?.sealed ?? {}
      for (let at = 0; at < length; at++) {
        const flip = (sealed: Uint8Array): Uint8Array => sealed.with(at, (sealed[at] ?? 0) ^ 0x10)
        await damage(did, flip)
        await expect(vault.open(did, lock)).rejects.toEqual(coded('vault-corrupt'))
        if (at + 1 < length) await damage(did, flip)
      }
      expect((await vault.list()).find(entry => entry.did === did)?.lock).toBe('damaged')
      await vault.remove(did)
      await vault.import(text, { exportPassphrase: 'backup' })
      expect((await vault.open(did)).did).toBe(did)
    }
  })

  it('one identity’s box under the name of another is vault-corrupt', async () => {
    const [a, b] = [await vault.create(), await vault.create()]
    const { sealed } = (await store.get(a.did)) ?? { sealed: new Uint8Array(0) }
    await damage(b.did, () => sealed)
    await expect(vault.open(b.did)).rejects.toEqual(coded('vault-corrupt'))
  })

  it('another device’s key does not open it', async () => {
    const { did } = await vault.create()
    const elsewhere: VaultStore = { ...store, deviceCipher: memoryVaultStore(systemRandom).deviceCipher }
    const stolen = createVault({ store: elsewhere, random: systemRandom, clock: systemClock })
    await expect(stolen.open(did)).rejects.toEqual(coded('vault-corrupt'))
  })

  it('exports to text that another vault imports, and only with its passphrase', async () => {
    const identity = await vault.create({ label: 'me' })
    const text = await vault.export(identity.did, { exportPassphrase: 'travel' })
    expect(text).toMatch(/^craftec-identity-1:[1-9A-HJ-NP-Za-km-z]{160,170}$/)
    const other = memoryVault()
    await expect(other.import(text, { exportPassphrase: 'Travel' })).rejects.toEqual(coded('wrong-passphrase'))
    expect(await other.list()).toEqual([])
    const imported = await other.import(` ${text}\n`, { exportPassphrase: 'travel', label: 'copy' })
    expect(await imported.sign(message)).toEqual(await identity.sign(message))
    expect((await other.list()).map(entry => [entry.did, entry.label])).toEqual([[identity.did, 'copy']])
    await expect(vault.import(text, { exportPassphrase: 'travel' })).rejects.toEqual(coded('invalid-argument'))
    expect((await vault.list()).map(entry => entry.label)).toEqual(['me'])
  })

  it('refuses damaged export text as vault-corrupt, whatever was damaged', async () => {
    const text = await vault.export((await vault.create()).did, { exportPassphrase: 'e' })
    await vault.remove((await vault.list())[0]?.did ?? ABSENT)
    const damaged = [
      '',
      'craftec-identity-1:',
      'craftec-identity-2:abc',
      text.slice(0, -1),
      `${text}1`,
      'x'.repeat(1e7)
    ]
    for (let at = 0; at < text.length; at += 3)
      damaged.push(text.slice(0, at) + (text[at] === '7' ? '8' : '7') + text.slice(at + 1))
    for (const one of damaged)
      await expect(vault.import(one, { exportPassphrase: 'e' })).rejects.toEqual(coded('vault-corrupt'))
    expect(await vault.list()).toEqual([])
  })

  it('keeps nothing when the caller’s signal fires', async () => {
    const signal = AbortSignal.abort()
    await expect(vault.create({ signal })).rejects.toEqual(coded('aborted'))
    await expect(vault.create({ signal, passphrase: 'p' })).rejects.toEqual(coded('aborted'))
    expect(await vault.list()).toEqual([])
  })

  it('says what to do when the store is full, and does not hand out an identity that was not kept', async () => {
    const full: VaultStore = {
      ...store,
      add: async () => {
        throw new CraftecError('storage-full', 'no room')
      }
    }
    const filled = createVault({ store: full, random: systemRandom, clock: systemClock })
    await expect(filled.create()).rejects.toEqual(coded('storage-full'))
  })

  it('refuses over-long labels, empty passphrases and unknown identities as invalid-argument', async () => {
    const invalid = coded('invalid-argument')
    await expect(vault.create({ label: 'x'.repeat(257) })).rejects.toEqual(invalid)
    await expect(vault.create({ passphrase: '' })).rejects.toEqual(invalid)
    await expect(vault.open(ABSENT)).rejects.toEqual(invalid)
    await expect(vault.export(ABSENT, { exportPassphrase: 'x' })).rejects.toEqual(invalid)
    expect(await vault.list()).toEqual([])
  })
})
