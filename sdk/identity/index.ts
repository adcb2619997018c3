export { type Did, didFromPublicKey, parseDid, publicKeyFromDid } from './did.ts'
export {
  type DidDocument,
  decodeDidDocument,
  didDocument,
  encodeDidDocument,
  type VerificationMethod
} from './did-document.ts'
export { createIdentity, type Identity, identityFromSeed } from './identity.ts'
export { type PeerId, parsePeerId, peerIdFromPublicKey, publicKeyFromPeerId } from './peer-id.ts'
