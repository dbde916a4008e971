import assert from 'node:assert/strict'
import { createHmac, generateKeyPairSync, sign, verify } from 'node:crypto'
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type { Mount, SandboxSpec } from '../../enforce/sandbox/index.ts'
import { fileStore, Monitor } from '../../watch/integrity/index.ts'
import { checkModels, shownModels } from './models.ts'
import type { BuiltRun } from './run-watcher.ts'

const KEY = generateKeyPairSync('ed25519')
const REFUSED = { code: 'SANDBOX_MODEL_REFUSED' }

function bind(source: string, path = source): Mount {
  return { type: 'bind', source, path, access: 'read' } as Mount
}

/** Two models and the monitor that knows them; a box with these mounts, whose view is this machine's own. */
function room(t: TestContext) {
  const home = mkdtempSync(join(tmpdir(), 'wm-'))
  t.after(() => rmSync(home, { recursive: true }))
  const models = join(home, 'models')
  mkdirSync(models)
  mkdirSync(join(home, 'state'), { mode: 0o700 })
  const [small, large] = ['small', 'large'].map((name) => join(models, name)) as [string, string]
  for (const path of [small, large]) writeFileSync(path, 'weights'.repeat(1000))
  const monitor = new Monitor({
    store: fileStore(join(home, 'state')),
    signer: { keyId: 'test', sign: (bytes) => sign(null, bytes, KEY.privateKey) },
    verify: (bytes, signature) => verify(null, bytes, KEY.publicKey, signature),
    mac: (text) => createHmac('sha256', 'the key of a test').update(text).digest(),
    ...{ recorded: {}, attributes: () => undefined, now: Date.now, monotonicMs: () => performance.now() },
    record: async () => undefined,
  })
  const look = async (paths: readonly string[]) => {
    await monitor.check(paths)
    return monitor
  }
  const check = (mounts: readonly Mount[], named = [models]) =>
    checkModels({ init: { pid: process.pid }, spec: { mounts } } as unknown as BuiltRun, { named, look })
  const take = () => monitor.take([{ path: models, category: 'model', tree: true }], true)
  return { home, models, small, large, check, take }
}

test('what was signed is shown; one byte that is another is not, whatever its times and size say', async (t) => {
  const { models, small, large, check, take } = room(t)
  await take()
  await check([bind(models)])
  const { atime, mtime } = statSync(small)
  const fd = openSync(small, 'r+')
  writeSync(fd, 'W', 3)
  closeSync(fd)
  utimesSync(small, atime, mtime)
  for (const mounts of [[bind(models)], [bind(small)], [bind('/')]])
    await assert.rejects(check(mounts), { ...REFUSED, message: /models\/small was changed: content/ })
  await check([bind(large)])
  await check([bind('/usr')])
})

test('a file put in the place of a model is refused, one that came later as well, and one that is gone is not', async (t) => {
  const { home, models, small, large, check, take } = room(t)
  await take()
  rmSync(large)
  await check([bind(models)])
  writeFileSync(join(models, 'later'), 'x')
  await assert.rejects(check([bind(models)]), REFUSED)
  rmSync(join(models, 'later'))
  await check([bind(models)])
  writeFileSync(join(home, 'other'), 'evil')
  renameSync(join(home, 'other'), small)
  await assert.rejects(check([bind(models)]), REFUSED)
})

test('a box that shows other bytes than were looked at out here is refused, and equal ones are not', async (t) => {
  const { home, small, large, check, take } = room(t)
  await take()
  // as an overlay does whose upper layer holds a file by that name: inside stands what is at that place here
  const inside = join(home, 'inside')
  writeFileSync(inside, 'weights'.repeat(1000))
  await check([bind(small, inside)])
  writeFileSync(inside, 'weightz'.repeat(1000))
  await assert.rejects(check([bind(small, inside)]), /shown as something else/)
  mkdirSync(join(home, 'folder'))
  await assert.rejects(check([bind(large, join(home, 'folder'))]), REFUSED)
})

test('without a baseline, or without this model in it, nothing is shown', async (t) => {
  const { home, models, check, take } = room(t)
  await assert.rejects(check([bind(models)]), /nothing was signed/)
  await check([bind('/usr')])
  await take()
  const added = join(home, 'added')
  mkdirSync(added)
  await assert.rejects(check([bind(added)], [added]), /not in the baseline/)
})

test('where models are inside follows from the mounts, and what is covered is not shown', () => {
  const spec = (...mounts: Mount[]) => ({ mounts }) as unknown as SandboxSpec
  const shown = (...mounts: Mount[]) => shownModels(spec(...mounts), ['/srv/models'])
  assert.deepEqual(shown(bind('/srv', '/data')), [{ host: '/srv/models', inside: '/data/models' }])
  assert.deepEqual(shown(bind('/srv/models/one', '/m')), [{ host: '/srv/models/one', inside: '/m' }])
  assert.deepEqual(shown(bind('/srv/models-not')), [])
  const cover = { type: 'tmpfs', path: '/srv/models' } as unknown as Mount
  assert.deepEqual(shown(bind('/srv'), cover), [])
})
