import assert from 'node:assert/strict'
import { PassThrough, Writable } from 'node:stream'
import { test } from 'node:test'
import { settleTerminal } from './held-terminal.ts'

/** A terminal that answers each question the way `answer` says, after what it was asked before. */
function terminalThat(answer: (question: string) => string, before = '') {
  const input = new PassThrough()
  let shown = ''
  const output = new Writable({
    write: (bytes: Buffer, _, done) => {
      const text = bytes.toString()
      const first = shown === ''
      shown += text
      if (first) setImmediate(() => input.write(before + answer(text)))
      done()
    },
  })
  return { input, output, shown: () => shown, left: () => input.read() as Buffer | null }
}

const asked = (question: string): string => /\x1b\[\?(\d+)\$p/.exec(question)?.[1] ?? ''

test('what the agent asked for is taken in up to the answer of our own question', async () => {
  const pending = '\x1b[24;80R\x1bP1$r0m\x1b\\\x1b[0n'
  const it = terminalThat((question) => `\x1b[?${asked(question)};0$y\x1b[0n`, pending)
  await settleTerminal({ ...it, kind: 'xterm-256color', deadlineMs: 60_000 })
  assert.equal(it.left(), null)
  assert.match(it.shown(), /\x1b\[5n\x1b7\x1b\[\?1049l\x1b\[!p[\s\S]*\x1b\[0m$/)
})

test('an answer the agent asked for itself does not end the wait while more comes', async () => {
  const it = terminalThat(() => '\x1b[0n')
  setTimeout(() => it.input.write('\x1b[24;80R\x1b[0n'), 20)
  await settleTerminal({ ...it, kind: 'linux', deadlineMs: 60_000 })
  assert.equal(it.left(), null)
  assert.doesNotMatch(it.shown(), /\$p|\]104|\[!p/, 'the console of the kernel would show these')
})

test('a terminal that never answers is waited for so long and no longer, and reset all the same', async () => {
  const it = terminalThat(() => '')
  await settleTerminal({ ...it, kind: 'xterm', deadlineMs: 30 })
  assert.match(it.shown(), /\x1b\[0m$/)
})

test('one that knows no commands is given none', async () => {
  const it = terminalThat(() => '')
  await settleTerminal({ ...it, kind: 'dumb' })
  assert.equal(it.shown(), '')
})
