export { type Did, didFromPublicKey, parseDid, publicKeyFromDid } from './did.ts'
export {
  type DidDocument,
  decodeDidDocument,
  didDocument,
  encodeDidDocument,
  type VerificationMethod
} from './did-document.ts'
export { createIdentity, type Identity, identityFromSeed } from './identity.ts'
export { memoryVault, openVault, type VaultOptions } from './open-vault.ts'
export { type PeerId, parsePeerId, peerIdFromPublicKey, publicKeyFromPeerId } from './peer-id.ts'
export type { KeepOptions, UnlockOptions, Vault, VaultEntry } from './vault.ts'
