import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createOut } from './out.ts'
import { telling } from './waiting.ts'

test('what takes long is said once it does, and what is fast is not', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const said: string[] = []
  const out = { progress: (text: string) => void said.push(text) }
  assert.equal(await telling(out, 'fast', Promise.resolve(1)), 1)
  t.mock.timers.tick(5000)
  assert.deepEqual(said, [])
  const slow = Promise.withResolvers<number>()
  const told = telling(out, 'slow', slow.promise)
  t.mock.timers.tick(999)
  assert.deepEqual(said, [])
  t.mock.timers.tick(1)
  assert.deepEqual(said, ['slow'])
  slow.resolve(2)
  assert.equal(await told, 2)
  await assert.rejects(telling(out, 'failed', Promise.reject(new Error('no'))), /no/)
  t.mock.timers.tick(5000)
  assert.deepEqual(said, ['slow'])
})

test('it is said at a terminal alone', () => {
  const shown = (isTTY: boolean, quiet: boolean) => {
    const written: string[] = []
    const sink = { write: (text: string) => written.push(text) }
    createOut({
      ...{ stdout: sink, json: false, verbose: false, color: false },
      quiet,
      stderr: { ...sink, isTTY },
    }).progress('x')
    return written.join('')
  }
  assert.deepEqual([shown(true, false), shown(false, false), shown(true, true)], ['x\n', '', ''])
})
