import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  noteKeyId,
  noteSigner,
  openNote,
  publicKeyFromRaw,
  rawPublicKey,
  signNote,
  type NoteKey,
} from './note.ts'

/** The example of the format's reference implementation. */
const PETER: NoteKey = {
  name: 'PeterNeumann',
  publicKey: publicKeyFromRaw(
    Buffer.from('ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW', 'base64').subarray(1),
  ),
}
const PETERS_TEXT = `If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n`
const PETERS_NOTE = `${PETERS_TEXT}\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n`

const signer = (name: string) => noteSigner(name, generateKeyPairSync('ed25519').privateKey)
const noteText = fc
  .string({ unit: 'grapheme' })
  .map((text) => `${text.replace(/[\u0000-\u001f\u007f]/g, '')}\n`)

test('a note of the reference implementation opens, and its key has the id it says', () => {
  assert.equal(noteKeyId(PETER).toString('hex'), 'c74f20a3')
  assert.deepEqual(openNote(PETERS_NOTE, [PETER]), { text: PETERS_TEXT, by: [PETER] })
})

test('whatever text is signed comes back', () => {
  const key = signer('warder/a/audit')
  fc.assert(fc.property(noteText, (text) => assert.equal(openNote(signNote(text, key), [key]).text, text)))
})

test('any single byte changed in a note keeps it from opening', () => {
  const key = signer('warder/a/audit')
  const bytes = Buffer.from(signNote('one\n2\nthree\n', key))
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
      const changed = Buffer.from(bytes)
      changed[at]! ^= flip
      assert.throws(() => openNote(changed.toString(), [key]))
    }),
    { numRuns: 500 },
  )
})

test('signatures of unknown keys are ignored, wherever they stand', () => {
  const [known, other] = [signer('known'), signer('other')]
  const lineOf = (note: string) => note.slice(note.lastIndexOf('\n\n') + 2)
  const text = 'text\n'
  const note = `${text}\n${lineOf(signNote(text, other))}${lineOf(signNote(text, known))}`
  assert.deepEqual(openNote(note, [known]).by, [known])
  assert.equal(openNote(note, [known, other]).by.length, 2)
  assert.throws(() => openNote(signNote(text, other), [known]), { code: 'NOTE_UNKNOWN' })
})

test('a known key whose signature is wrong rejects the note even beside a right one', () => {
  const [good, bad] = [signer('good'), signer('bad')]
  const lineOf = (note: string) => note.slice(note.lastIndexOf('\n\n') + 2)
  const note = `text\n\n${lineOf(signNote('text\n', good))}${lineOf(signNote('other\n', bad))}`
  assert.throws(() => openNote(note, [good, bad]), { code: 'NOTE_FORGED' })
})

test('a key of the same name is not the same key', () => {
  assert.throws(() => openNote(signNote('text\n', signer('name')), [signer('name')]), {
    code: 'NOTE_UNKNOWN',
  })
})

test('what is not a signed note is called so', () => {
  for (const note of [
    '',
    'text\n',
    'text\n\n',
    '\n\n— a b\n',
    'text\n\n— a b',
    'text\n\n- a AAAA\n',
    `a\tb\n\n— a AAAAAAAA\n`,
  ]) {
    assert.throws(() => openNote(note, [PETER]), { code: 'NOTE_MALFORMED' })
  }
  assert.throws(() => openNote(PETERS_NOTE.repeat(20_000), [PETER]), { code: 'NOTE_MALFORMED' })
})

test('text and names that could be read two ways are not signed', () => {
  for (const text of ['', 'no newline', 'a\tb\n', 'a\rb\n', '\ud800\n']) {
    assert.throws(() => signNote(text, signer('name')), { code: 'NOTE_MALFORMED' })
  }
  for (const name of ['', 'a b', 'a+b', 'a\nb'])
    assert.throws(() => signNote('x\n', signer(name)), { code: 'NOTE_MALFORMED' })
})

test('the 32 bytes of a key make the same key again', () => {
  const { publicKey } = signer('name')
  assert.ok(publicKeyFromRaw(rawPublicKey(publicKey)).equals(publicKey))
  const { publicKey: rsa } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  assert.throws(() => rawPublicKey(rsa), { code: 'NOTE_MALFORMED' })
})
