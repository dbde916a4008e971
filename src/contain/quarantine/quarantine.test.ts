import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { Quarantine } from './index.ts'

function room(t: TestContext) {
  const directory = mkdtempSync(join(tmpdir(), 'warder-quarantine-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  const kept = join(directory, 'kept')
  const file = join(directory, 'model.gguf')
  writeFileSync(file, 'a model', { mode: 0o640 })
  chmodSync(file, 0o640)
  return { directory, kept, file, quarantine: new Quarantine(kept, () => 7) }
}

test('a file is gone from its place, lies under its digest for its owner alone, and comes back as it was', (t) => {
  const { quarantine, kept, file } = room(t)
  const taken = quarantine.take(file, 'INC-1')
  assert.ok(!existsSync(file))
  const object = join(kept, 'objects', taken.sha256)
  assert.equal(readFileSync(object, 'utf8'), 'a model')
  assert.deepEqual([statSync(object).mode & 0o777, statSync(kept).mode & 0o777], [0o400, 0o700])
  assert.ok(quarantine.isWhole(taken))
  assert.deepEqual(quarantine.of(file, 'INC-1'), taken)
  quarantine.restore(taken.id.slice(0, 30))
  assert.equal(readFileSync(file, 'utf8'), 'a model')
  assert.equal(statSync(file).mode & 0o777, 0o640)
  assert.throws(() => quarantine.restore(taken.id), { code: 'QUARANTINE_UNKNOWN' })
  assert.equal(quarantine.of(file, 'INC-1'), undefined)
})

test('links, pipes and directories are refused, and nothing is removed', (t) => {
  const { quarantine, directory, file } = room(t)
  const [link, pipe] = [join(directory, 'link'), join(directory, 'pipe')]
  symlinkSync(file, link)
  execFileSync('mkfifo', [pipe])
  for (const path of [link, pipe, directory, join(directory, 'nothing')])
    assert.throws(() => quarantine.take(path, 'INC-1'), { code: 'QUARANTINE_REFUSED' })
  assert.ok(existsSync(file) && existsSync(pipe))
  assert.deepEqual(quarantine.list(), [])
})

test('what stands there now is not overwritten, and a copy that was changed is not put back', (t) => {
  const { quarantine, kept, file } = room(t)
  const taken = quarantine.take(file, 'INC-1')
  writeFileSync(file, 'another one')
  assert.throws(() => quarantine.restore(taken.id), {
    code: 'QUARANTINE_REFUSED',
    message: /something stands there/,
  })
  assert.equal(readFileSync(file, 'utf8'), 'another one')
  rmSync(file)
  const object = join(kept, 'objects', taken.sha256)
  chmodSync(object, 0o600)
  writeFileSync(object, 'a m0del')
  assert.equal(quarantine.isWhole(taken), false)
  assert.throws(() => quarantine.restore(taken.id), { code: 'QUARANTINE_REFUSED', message: /was changed/ })
  assert.ok(!existsSync(file))
})
