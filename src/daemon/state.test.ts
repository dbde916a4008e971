import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { PolicyEngine } from '../decide/policy/index.ts'
import { PolicyFile } from './policy-file.ts'
import { WorkspaceBook } from './workspaces.ts'

function directory(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'warder-state-'))
  t.after(() => rmSync(path, { recursive: true, force: true }))
  return path
}

test('a workspace stays its agent’s across restarts', (t) => {
  const state = directory(t)
  new WorkspaceBook(state, () => undefined).claim('builder', '/srv/b', () => 0).keep()
  const seen: unknown[] = []
  const later = new WorkspaceBook(state, (list) => seen.push(...list))
  assert.deepEqual(
    later.list().map(({ agent, path }) => [agent, path]),
    [['builder', '/srv/b']],
  )
  assert.equal(seen.length, 1)
})

test('a workspace is an agent’s as long as its run may begin, and leaves no trace when it does not', (t) => {
  const state = directory(t)
  let listed: readonly { agent: string; path: string }[] = []
  const names = () => listed.map(({ agent, path }) => `${agent} ${path}`).sort()
  const book = new WorkspaceBook(state, (list) => (listed = list))
  const [first, second] = [0, 1].map(() => book.claim('builder', '/srv/b', () => 0))
  const other = book.claim('other', '/srv/b', () => 0)
  assert.deepEqual(names(), ['builder /srv/b', 'other /srv/b'])
  first!.drop()
  assert.deepEqual(names(), ['builder /srv/b', 'other /srv/b'], 'the second run may still begin')
  second!.drop()
  second!.drop()
  assert.deepEqual(names(), ['other /srv/b'])
  assert.ok(!existsSync(join(state, 'workspaces.json')))
  other.keep()
  other.drop()
  assert.deepEqual(names(), ['other /srv/b'], 'what has begun is not taken back')
  const again = book.claim('other', '/srv/b', () => 60_000)
  const before = readFileSync(join(state, 'workspaces.json'), 'utf8')
  again.drop()
  assert.equal(readFileSync(join(state, 'workspaces.json'), 'utf8'), before)
  assert.deepEqual(names(), ['other /srv/b'])
})

test('a path that cannot be a workspace is not kept in mind', (t) => {
  const refuse = (list: readonly { path: string }[]) => {
    if (list.some(({ path }) => path === '/*')) throw new Error('not a plain path')
  }
  const book = new WorkspaceBook(directory(t), refuse)
  assert.throws(() => book.claim('builder', '/*', () => 0))
  book.claim('builder', '/srv', () => 0).keep()
})

test('a book of workspaces that cannot be understood is an error, not an empty book', (t) => {
  const state = directory(t)
  for (const text of [
    '',
    '[]',
    '{"version":2,"workspaces":[]}',
    '{"version":1,"workspaces":[{"agent":"a"}]}',
  ]) {
    writeFileSync(join(state, 'workspaces.json'), text, { mode: 0o600 })
    assert.throws(() => new WorkspaceBook(state, () => undefined), text)
  }
})

test('a policy file with an error changes nothing, is told, and is in force once it is mended', (t) => {
  const path = join(directory(t), 'policy.yaml')
  const engine = new PolicyEngine({ monotonicMs: () => 0 })
  const file = new PolicyFile(path, engine)
  writeFileSync(path, 'version: 1\n')
  assert.equal(file.load(), true)
  const digest = engine.digest()
  writeFileSync(path, 'version: 1\nrules: nothing\n')
  assert.throws(() => file.load(), { code: 'POLICY_INVALID' })
  assert.equal(engine.digest(), digest)
  assert.match(file.problem() ?? '', /rules/)
  writeFileSync(path, 'version: 1\nrules: []\n')
  assert.equal(file.load(), true)
  assert.equal(file.problem(), undefined)
})
