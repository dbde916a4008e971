import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { Sessions } from './host-sessions.ts'

/** The books of a machine where nobody has logged in yet. */
function books(t: TestContext) {
  const directory = mkdtempSync(join(tmpdir(), 'warder-books-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  const [log, failed, now] = ['wtmp', 'btmp', 'utmp'].map((name) => join(directory, name)) as [
    string,
    string,
    string,
  ]
  for (const path of [log, failed, now]) writeFileSync(path, '')
  const part = (isToldElsewhere = false) =>
    new Sessions({
      ...{ log, now, onLogin: () => undefined, onEnded: () => undefined },
      isToldElsewhere: () => isToldElsewhere,
    }).part()
  return { log, failed, now, part }
}

/** There, and not to be opened by anybody, root least of all: a socket stands in its place. */
async function unreadable(t: TestContext, path: string): Promise<void> {
  rmSync(path)
  const server = createServer().listen(path)
  await once(server, 'listening')
  t.after(() => void server.close())
}

test('books that can be read are well, and one that is not kept here is off and not degraded', (t) => {
  const { log, failed, now, part } = books(t)
  assert.deepEqual(part(), { name: 'sessions', state: 'ok', why: `${log}; logged in now: 0` })
  rmSync(failed)
  rmSync(now)
  assert.equal(part().state, 'ok')
  rmSync(log)
  assert.equal(part().state, 'off')
})

test('a book that is there and cannot be read is told: it is not one in which nothing happened', async (t) => {
  const cases = [
    ['log', /wtmp/],
    ['failed', /failed ones are not told/],
    ['now', /who is logged in now cannot be read/],
  ] as const
  for (const [which, why] of cases) {
    const it = books(t)
    await unreadable(t, it[which])
    const part = it.part()
    assert.equal(part.state, 'degraded', which)
    assert.match(part.why ?? '', why)
    assert.match(part.fix ?? '', /docs\/host-watch\.md/)
  }
})

test('failed logins nobody can read are no loss where another source tells of them', async (t) => {
  const { failed, part } = books(t)
  await unreadable(t, failed)
  assert.equal(part(true).state, 'ok')
})
