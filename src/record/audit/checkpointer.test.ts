import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkpointPath, readNotes } from './checkpoint-file.ts'
import { Checkpointer } from './checkpointer.ts'
import { temporaryDirectory, testSigner, until } from './example.ts'
import { EMPTY, type Head } from './writer.ts'

function headAt(seq: number): Head {
  return { seq, hash: seq.toString(16).padStart(64, '0') }
}

test('a flood of entries is signed at its start and at its end, not each time the number is full', async (t) => {
  const directory = temporaryDirectory(t)
  const options = { origin: 'warder/test/audit', signer: testSigner(), witnessPath: undefined }
  const checkpointer = new Checkpointer(
    { directory, ...options, everyEntries: 10, everyMs: 3_600_000 },
    EMPTY,
    undefined,
  )
  for (let seq = 1; seq <= 5000; seq++) checkpointer.advanceTo(headAt(seq))
  await until(() => checkpointer.last?.seq === 5000)
  await checkpointer.close()
  const notes = readNotes(checkpointPath(directory))?.notes ?? []
  assert.ok(notes.length < 5, `${notes.length} checkpoints`)
  assert.match(notes[0]!, /\n10\n/)
})

test('the end of a segment is signed exactly, also in the middle of a flood', async (t) => {
  const directory = temporaryDirectory(t)
  const options = { origin: 'warder/test/audit', signer: testSigner(), witnessPath: undefined }
  const checkpointer = new Checkpointer(
    { directory, ...options, everyEntries: 10, everyMs: 3_600_000 },
    EMPTY,
    undefined,
  )
  for (let seq = 1; seq <= 101; seq++) {
    checkpointer.advanceTo(headAt(seq))
    if (seq === 77) checkpointer.segmentEnded(headAt(77))
  }
  await until(() => checkpointer.last?.seq === 101)
  await checkpointer.close()
  const sizes = (readNotes(checkpointPath(directory))?.notes ?? []).map((note) => note.split('\n')[1])
  assert.ok(sizes.includes('77'), sizes.join())
})
