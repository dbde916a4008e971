import { openNote, signNote, type NoteKey, type NoteSigner } from '../../core/note.ts'
import type { KeyObject } from 'node:crypto'
import type { Head } from './writer.ts'

/**
 * What the ledger was, signed: its name, its number of entries, and the hash of the last one. In the form of a C2SP
 * checkpoint, except that the third line is the head of the hash chain and not the root of a Merkle tree: it says as much
 * about every entry up to it, but there are no short proofs.
 */
export interface Checkpoint extends Head {
  readonly origin: string
  /** The signed note, as stored. */
  readonly note: string
}

/** Signs checkpoints. The key store's signer fits. */
export interface CheckpointSigner {
  readonly publicKey: KeyObject
  sign(bytes: Uint8Array): Uint8Array
}

export function originOf(hostId: string): string {
  return `warder/${hostId}/audit`
}

export function signCheckpoint(origin: string, head: Head, signer: CheckpointSigner): Checkpoint {
  const key: NoteSigner = { name: origin, publicKey: signer.publicKey, sign: (bytes) => signer.sign(bytes) }
  const root = Buffer.from(head.hash, 'hex').toString('base64')
  return { origin, seq: head.seq, hash: head.hash, note: signNote(`${origin}\n${head.seq}\n${root}\n`, key) }
}

/**
 * Opens a checkpoint.
 *
 * @param origin the ledger it must be of; undefined takes any, but the key must always be one of `keys`
 * @throws NoteError when the signature does not hold; Error when the text is not a checkpoint of this ledger
 */
export function openCheckpoint(
  note: string,
  origin: string | undefined,
  keys: readonly KeyObject[],
): Checkpoint {
  const name = note.slice(0, note.indexOf('\n'))
  if (origin !== undefined && name !== origin)
    throw new Error(`it is of "${name.slice(0, 80)}", not of "${origin}"`)
  const known: NoteKey[] = keys.map((publicKey) => ({ name, publicKey }))
  const { text } = openNote(note, known)
  const [, size, root] = /^[^\n]+\n([1-9]\d{0,15})\n([A-Za-z0-9+/]{43}=)\n$/.exec(text) ?? []
  if (size === undefined || root === undefined) throw new Error('it is not a checkpoint')
  return { origin: name, seq: Number(size), hash: Buffer.from(root, 'base64').toString('hex'), note }
}
