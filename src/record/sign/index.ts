/**
 * The key store of this host. It promises one Ed25519 key per purpose, secrets that differ per purpose, and signatures
 * that stay verifiable after a key is replaced. It refuses a directory or file that others can reach, a key that is not
 * the one its id names, and a place beside what it signs. It trusts the file system of this host and the user it runs
 * as: whoever holds that user's rights holds the keys, which is why the newest checkpoint belongs somewhere else too.
 */
export { SIGN_ERRORS, SignError } from './errors.ts'
export {
  openKeys,
  readPublicKeys,
  SECRET_PURPOSES,
  SIGNING_PURPOSES,
  type KeyOptions,
  type Keys,
  type PublicKey,
  type SecretPurpose,
  type Signer,
  type SigningPurpose,
} from './keys.ts'
export {
  NOTE_ERRORS,
  NoteError,
  noteKeyId,
  openNote,
  signNote,
  type NoteKey,
  type NoteSigner,
  type OpenedNote,
} from '../../core/note.ts'
