import { createHash, createPublicKey, sign, verify, type KeyObject } from 'node:crypto'
import { KnownError, type ErrorCatalogue } from './error.ts'

/**
 * Signed notes: a text and, below an empty line, one line per signature, in the form transparency logs use, so that
 * ordinary witnesses and tools can read what Warder signs and add their own signature.
 *
 * @see C2SP signed-note (Ed25519, signature type 0x01)
 */
export const NOTE_ERRORS = {
  NOTE_MALFORMED: { kind: 'invalid', meaning: 'a text is not a signed note' },
  NOTE_FORGED: { kind: 'forbidden', meaning: 'a note carries a known key whose signature is wrong' },
  NOTE_UNKNOWN: { kind: 'forbidden', meaning: 'a note carries no signature of a known key' },
} as const satisfies ErrorCatalogue

export class NoteError extends KnownError<typeof NOTE_ERRORS> {
  override readonly name = 'NoteError'
}

/** A key and the name it signs under; the name is part of the key's identity. */
export interface NoteKey {
  readonly name: string
  readonly publicKey: KeyObject
}

export interface NoteSigner extends NoteKey {
  sign(bytes: Uint8Array): Uint8Array
}

export interface OpenedNote {
  /** The signed text, with its final newline. */
  readonly text: string
  /** The keys whose signature was checked and is right; never empty. */
  readonly by: readonly NoteKey[]
}

const ED25519 = Buffer.of(1)
const MAX_BYTES = 1024 * 1024
const MAX_SIGNATURES = 100

/** Signs `text` (which must end in a newline and hold no other control characters). */
export function signNote(text: string, signer: NoteSigner): string {
  if (!isNoteText(text) || !isNoteName(signer.name))
    throw malformed('the text or the key name cannot be signed')
  const signature = signer.sign(Buffer.from(text))
  return `${text}\n— ${signer.name} ${Buffer.concat([noteKeyId(signer), signature]).toString('base64')}\n`
}

/**
 * Checks a note against the keys we know. Signatures of unknown keys are ignored, as the format asks.
 *
 * @throws NoteError `NOTE_FORGED` when a known key's signature is wrong, even if another known key's is right;
 * `NOTE_UNKNOWN` when none is of a known key; `NOTE_MALFORMED`
 */
export function openNote(note: string, keys: readonly NoteKey[]): OpenedNote {
  if (note.length > MAX_BYTES) throw malformed('it is longer than 1 MiB')
  const border = note.lastIndexOf('\n\n')
  const text = note.slice(0, border + 1)
  const lines = note.slice(border + 2).split('\n')
  if (border < 0 || lines.pop() !== '' || !isNoteText(text)) throw malformed('text or signatures are missing')
  if (lines.length === 0 || lines.length > MAX_SIGNATURES)
    throw malformed(`it has ${lines.length} signatures`)
  const by: NoteKey[] = []
  for (const line of lines) {
    const { name, id, signature } = parseSignature(line)
    const key = keys.find((known) => known.name === name && noteKeyId(known).equals(id))
    if (key === undefined || by.includes(key)) continue
    if (!verify(null, Buffer.from(text), key.publicKey, signature)) {
      throw new NoteError(NOTE_ERRORS, 'NOTE_FORGED', {
        what: `the signature of ${name} on this note is wrong`,
        fix: 'treat the note as tampered with, and compare it with a copy kept elsewhere',
      })
    }
    by.push(key)
  }
  if (by.length > 0) return { text, by }
  throw new NoteError(NOTE_ERRORS, 'NOTE_UNKNOWN', {
    what: 'no signature on this note is of a key we know',
    fix: 'give the public key it was signed with',
  })
}

/** The first four bytes of SHA-256 over name, newline, type and key: a hint, not a proof. */
export function noteKeyId({ name, publicKey }: NoteKey): Buffer {
  return createHash('sha256')
    .update(name)
    .update('\n')
    .update(ED25519)
    .update(rawPublicKey(publicKey))
    .digest()
    .subarray(0, 4)
}

/** Exporting a key costs as much as a signature, and a verifier opens thousands of notes with the same one. */
const RAW = new WeakMap<KeyObject, Buffer>()

/** The 32 bytes of an Ed25519 public key. */
export function rawPublicKey(key: KeyObject): Buffer {
  const known = RAW.get(key)
  if (known !== undefined) return Buffer.from(known)
  const { crv, x } = key.export({ format: 'jwk' })
  if (crv !== 'Ed25519' || x === undefined) throw malformed('the key is not an Ed25519 key')
  const raw = Buffer.from(x, 'base64url')
  RAW.set(key, raw)
  return Buffer.from(raw)
}

/** The Ed25519 public key with these 32 bytes. */
export function publicKeyFromRaw(raw: Uint8Array): KeyObject {
  const x = Buffer.from(raw).toString('base64url')
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' })
}

/** A signer for a private key held in memory; the key store makes its own. */
export function noteSigner(name: string, privateKey: KeyObject): NoteSigner {
  return { name, publicKey: createPublicKey(privateKey), sign: (bytes) => sign(null, bytes, privateKey) }
}

function parseSignature(line: string): { name: string; id: Buffer; signature: Buffer } {
  const [, name, base64] = /^— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})$/u.exec(line) ?? []
  const bytes = Buffer.from(base64 ?? '', 'base64')
  // re-encoding refuses the other spellings base64 has for the same bytes
  if (name === undefined || bytes.length < 5 || bytes.toString('base64') !== base64) {
    throw malformed('a signature line is not "— name base64"')
  }
  return { name, id: bytes.subarray(0, 4), signature: bytes.subarray(4) }
}

function isNoteText(text: string): boolean {
  return text.endsWith('\n') && text.isWellFormed() && !/[\u0000-\u0009\u000b-\u001f\u007f]/.test(text)
}

function isNoteName(name: string): boolean {
  return /^[^\s+]+$/u.test(name) && name.isWellFormed()
}

function malformed(why: string): NoteError {
  return new NoteError(NOTE_ERRORS, 'NOTE_MALFORMED', {
    what: `this is not a signed note: ${why}`,
    fix: 'give the note as it was written, byte for byte',
  })
}
