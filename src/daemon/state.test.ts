import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
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
  new WorkspaceBook(state, () => undefined).use('builder', '/srv/b', 0)
  const seen: unknown[] = []
  const later = new WorkspaceBook(state, (list) => seen.push(...list))
  assert.deepEqual(
    later.list().map(({ agent, path }) => [agent, path]),
    [['builder', '/srv/b']],
  )
  assert.equal(seen.length, 1)
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
