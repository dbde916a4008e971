import assert from 'node:assert/strict'
import { test } from 'node:test'
import { notStopped } from './sandbox-test.ts'

test('what was not stopped is told whole, however narrow the terminal; a pipe has it in the table', () => {
  const why =
    'the kernel counts them for the whole user, and no namespace changes that; run it as a user of its own'
  const attempts = [
    { name: 'hook', tries: 'leaves a hook', why: 'EROFS', result: 'stopped' as const },
    { name: 'inotify', tries: 'uses up watches', why, result: 'not-stoppable' as const },
  ]
  const lines = notStopped(attempts, 50)
  assert.ok(lines.length > 1 && lines.every((line) => line.length <= 50), lines.join('\n'))
  const said = lines.map((line) => line.trim()).join(' ')
  assert.equal(said, `inotify: uses up watches: ${why}`)
  assert.deepEqual(notStopped(attempts, undefined), [])
})
