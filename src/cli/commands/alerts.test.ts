import assert from 'node:assert/strict'
import { appendFileSync, mkdtempSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import type { AlertAnswer } from '../../api/alerts.ts'
import { createOut } from '../out.ts'
import { tail } from './alerts-tail.ts'
import { alertLine } from './alerts-words.ts'

function feed(t: TestContext) {
  const directory = mkdtempSync(join(tmpdir(), 'tail-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  return join(directory, 'alerts.jsonl')
}

function following(t: TestContext, path: string) {
  const lines: string[] = []
  const over = new AbortController()
  t.after(() => over.abort())
  const done = (async () => {
    for await (const line of tail(path, over.signal)) lines.push(line)
  })()
  const until = async (count: number) => {
    for (let tries = 0; tries < 1000 && lines.length < count; tries += 1) await setTimeout(10)
    assert.equal(lines.length, count, lines.join('|'))
  }
  return { lines, until, over, done }
}

test('a feed is followed from its end, through being set aside, cut off, and a line written in parts', async (t) => {
  const path = feed(t)
  writeFileSync(path, 'old\n')
  const { lines, until, over, done } = following(t, path)
  await setTimeout(50)
  appendFileSync(path, 'one\ntw')
  await until(1)
  appendFileSync(path, 'o\n')
  await until(2)
  appendFileSync(path, 'last before\n')
  renameSync(path, `${path}.1`)
  appendFileSync(`${path}.1`, 'and one after\n')
  writeFileSync(path, 'first after\n')
  await until(5)
  truncateSync(path, 0)
  await setTimeout(400) // so that it sees the empty file
  appendFileSync(path, 'again\n')
  await until(6)
  assert.deepEqual(lines, ['one', 'two', 'last before', 'and one after', 'first after', 'again'])
  over.abort()
  await done
})

test('a feed that is not there yet is waited for, and then read from its beginning', async (t) => {
  const path = feed(t)
  const { lines, until } = following(t, path)
  await setTimeout(50)
  writeFileSync(path, 'first\nsecond\n')
  await until(2)
  assert.deepEqual(lines, ['first', 'second'])
})

test('what an alert holds moves no cursor and makes no line of its own', () => {
  let text = ''
  const sink = { write: (part: string) => (text += part), isTTY: true, columns: 80 }
  const options = { stdout: sink, stderr: sink, json: false, quiet: false, verbose: false, color: true }
  const out = createOut(options)
  const alert: AlertAnswer = {
    ...{ id: 'x', time: '2026-06-01T10:00:00.000Z', last: '2026-06-01T10:00:00.000Z', severity: 'high' },
    ...{ source: 'detect', rule: 'r\u001b[2J', principal: '', run: '', incident: '', count: 3, key: 'k' },
    ...{ message: 'a\u001b]0;title\u0007b\u202ec', evidence: {} },
  }
  out.line(alert, alertLine(alert, out))
  assert.match(text, /a\\u\{1b\}\]0;title\\u\{7\}b\\u\{202e\}c \(3 times\)/)
  assert.doesNotMatch(text, /\u001b\[2J|\u0007|\u202e/)
})
