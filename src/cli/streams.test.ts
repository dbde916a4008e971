import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { closeSync, existsSync, openSync } from 'node:fs'
import { test } from 'node:test'
import { EXIT } from './exit.ts'
import { guardStreams } from './streams.ts'

function spoken() {
  const said: string[] = []
  const exits: number[] = []
  const heard: Record<string, (error: NodeJS.ErrnoException) => void> = {}
  const stream = (name: string) => ({
    on: (_event: 'error', listener: (error: NodeJS.ErrnoException) => void) => (heard[name] = listener),
    write: (text: string) => said.push(text),
  })
  guardStreams({ stdout: stream('stdout'), stderr: stream('stderr'), exit: (code) => exits.push(code) })
  const breaks = (name: string, code: string) =>
    heard[name]!(Object.assign(new Error(`${code}: x`), { code }))
  return { said, exits, breaks }
}

test('who reads no further wants no more, and a full disk is an error of its own', () => {
  const closed = spoken()
  closed.breaks('stdout', 'EPIPE')
  assert.deepEqual([closed.exits, closed.said], [[EXIT.ok], []])
  const full = spoken()
  full.breaks('stdout', 'ENOSPC')
  assert.deepEqual(full.exits, [EXIT.unavailable])
  assert.match(full.said.join(''), /^error: standard output cannot be written: ENOSPC.*\n {2}fix: /)
  const mute = spoken()
  mute.breaks('stderr', 'ENOSPC')
  assert.deepEqual([mute.exits, mute.said], [[], []], 'a note that is lost ends nothing')
})

test('the program itself says so, without a stack', (t) => {
  if (!existsSync('/dev/full')) return t.skip('no /dev/full on this machine: NOT tried')
  const full = openSync('/dev/full', 'w')
  t.after(() => closeSync(full))
  for (const words of [['--version'], ['help', 'exit-codes']]) {
    const { status, stderr } = spawnSync(process.execPath, [`${import.meta.dirname}/main.ts`, ...words], {
      stdio: ['ignore', full, 'pipe'],
      encoding: 'utf8',
    })
    assert.equal(status, EXIT.unavailable, stderr)
    assert.match(stderr, /^error: standard output cannot be written/)
    assert.doesNotMatch(stderr, /\n\s+at /)
  }
})
