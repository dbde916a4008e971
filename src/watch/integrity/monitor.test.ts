import assert from 'node:assert/strict'
import { createHmac, generateKeyPairSync, sign, verify } from 'node:crypto'
import {
  appendFileSync,
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { openExtendedAttributes } from '../../platform/extended-attributes.ts'
import { differences, EntryShape, type Entry } from './entry.ts'
import { fileStore, Monitor, verifyOffline, type MonitorStep, type Recorded, type Root } from './index.ts'

const KEY = generateKeyPairSync('ed25519')
const trust = {
  verify: (bytes: Uint8Array, signature: Uint8Array) => verify(null, bytes, KEY.publicKey, signature),
  mac: (text: string) => createHmac('sha256', 'the key of a test').update(text).digest(),
}
const found = openExtendedAttributes()
const attributes = 'missing' in found ? undefined : found

const ENTRY: Entry = {
  ...{ path: '/a', category: 'watched', kind: 'file', mode: 0o644, uid: 0, gid: 0, inode: '1', birth: '' },
  ...{ links: 1, size: 0, sha256: '', target: '', xattrs: '', mark: '' },
}

/** A folder with a few files, a monitor over it, and the record both write to. */
function room() {
  const home = mkdtempSync(join(tmpdir(), 'wi-'))
  after(() => rmSync(home, { recursive: true }))
  const tree = join(home, 'tree')
  mkdirSync(tree)
  for (const name of ['a', 'b', 'c', 'd', 'e']) writeFileSync(join(tree, name), name)
  const steps: MonitorStep[] = []
  const store = fileStore(join(home, 'state'))
  mkdirSync(join(home, 'state'), { mode: 0o700 })
  const recorded = (): Recorded => {
    const base = steps.findLast((step) => step.what === 'baseline')
    const state = steps.findLast((step) => step.what === 'state')
    return { ...(base === undefined ? {} : { baseline: base }), ...(state === undefined ? {} : { state }) }
  }
  let now = 1000
  const open = (): Monitor =>
    new Monitor({
      ...trust,
      store,
      signer: { keyId: 'test', sign: (bytes) => sign(null, bytes, KEY.privateKey) },
      recorded: recorded(),
      attributes: () => attributes,
      now: () => now++,
      monotonicMs: () => performance.now(),
      record: async (step) => void steps.push(step),
    })
  const roots: Root[] = [{ path: tree, category: 'watched', tree: true }]
  const kept = (name: string): string => join(home, 'state/integrity', `${name}.json`)
  const offline = () => verifyOffline({ ...trust, store, recorded: recorded(), attributes })
  return { tree, open, roots, steps, kept, offline, at: (name: string) => join(tree, name) }
}

test('what differs is told once, and again when it was mended and broken anew', async () => {
  const { open, roots, at } = room()
  const monitor = open()
  assert.equal(monitor.state, 'unknown')
  await monitor.take(roots, false)
  assert.deepEqual((await monitor.pass(false)).violations, [])
  appendFileSync(at('a'), '!')
  assert.deepEqual(
    (await monitor.pass(false)).violations.map(({ path }) => path),
    [at('a')],
  )
  assert.deepEqual((await monitor.pass(false)).violations, [])
  assert.deepEqual((await open().pass(false)).violations, [], 'nor by who comes after')
  writeFileSync(at('a'), 'a')
  await monitor.pass(false)
  appendFileSync(at('a'), '!')
  assert.equal((await monitor.pass(false)).violations.length, 1)
})

test('three things make it recovery_required, and only the owner makes it trusted again', async () => {
  const { open, roots, at, steps } = room()
  const monitor = open()
  await monitor.take(roots, false)
  chmodSync(at('a'), 0o600)
  await monitor.check([at('a')])
  assert.equal(monitor.state, 'degraded')
  unlinkSync(at('b'))
  symlinkSync('/etc/passwd', at('b'))
  writeFileSync(at('new'), '')
  await monitor.check([at('b'), at('new')])
  assert.equal(monitor.state, 'recovery_required')
  for (const name of ['b', 'new']) unlinkSync(at(name))
  writeFileSync(at('b'), 'b')
  chmodSync(at('a'), 0o644)
  await monitor.pass(true)
  assert.equal(monitor.evidence?.state, 'recovery_required', 'mended, and still to be said so')
  await assert.rejects(monitor.take(roots, false), { code: 'INTEGRITY_CHANGED' })
  await monitor.take(roots, true)
  assert.equal(monitor.evidence?.state, 'trusted')
  const states = steps.flatMap((step) => (step.what === 'state' ? [step.state] : []))
  assert.deepEqual(states, ['trusted', 'degraded', 'recovery_required', 'trusted'])
})

test('a complete pass sees what the times hide', async () => {
  const { open, roots, at } = room()
  const monitor = open()
  await monitor.take(roots, false)
  const baseline = monitor.baseline!
  // as if the clock had been set back for the write: every time is what it was
  writeFileSync(at('c'), 'C')
  const { violations } = await monitor.pass(false)
  assert.equal(violations.length, 1, 'ctime tells, as long as nobody sets the clock')
  const seen = baseline.entries.find(({ path }) => path === at('c'))
  assert.ok(seen)
  utimesSync(at('c'), 1, 1)
  assert.equal((await monitor.pass(true)).violations.length, 0, 'told before')
  assert.equal(monitor.violations.length, 1)
})

test('a file that was given the inode number of the one it stands for is another file', async (t) => {
  const { open, roots, at, offline } = room()
  const monitor = open()
  await monitor.take(roots, false)
  const path = at('e')
  const was = lstatSync(path, { bigint: true })
  const mtime = Number(was.mtimeMs) / 1000
  unlinkSync(path)
  writeFileSync(path, 'e')
  utimesSync(path, mtime, mtime)
  const is = lstatSync(path, { bigint: true })
  if (is.birthtimeNs === was.birthtimeNs && is.ino === was.ino)
    return t.skip('this file system does not keep when a file was made')
  t.diagnostic(is.ino === was.ino ? 'the number was given again' : 'the number is another one')
  assert.equal((await offline()).ok, false)
  const { violations } = await monitor.pass(true)
  assert.deepEqual(
    violations.map(({ what, fields }) => [what, fields.at(-1)]),
    [['replaced', 'birth']],
  )
})

test('an older baseline, which does not say when files were made, says nothing of it', () => {
  const before = EntryShape.parse({ ...ENTRY, birth: undefined })
  assert.deepEqual(differences(before, { ...ENTRY, birth: '5' }), [])
  assert.deepEqual(differences({ ...ENTRY, birth: '5' }, { ...ENTRY, birth: '' }), [])
  assert.deepEqual(differences({ ...ENTRY, birth: '5' }, { ...ENTRY, birth: '6' }), ['birth'])
})

test('extended attributes count', async (t) => {
  if (attributes === undefined) return t.skip('koffi cannot be loaded')
  const { open, roots, at } = room()
  const monitor = open()
  await monitor.take(roots, false)
  const { openSync, closeSync } = await import('node:fs')
  const fd = openSync(at('d'), 'r+')
  try {
    attributes.set(fd, 'user.comment', Buffer.from('x'))
  } catch {
    return t.skip('this file system has none')
  } finally {
    closeSync(fd)
  }
  assert.deepEqual(
    (await monitor.pass(false)).violations.map(({ fields }) => fields),
    [['xattrs']],
  )
})

const TAMPERING: readonly (readonly [string, (files: Files) => void])[] = [
  ['a forged baseline', ({ base, was }) => writeFileSync(base, was[1].replaceAll('420', '511'))],
  ['an older baseline', ({ base, was }) => writeFileSync(base, was[0])],
  [
    'an older baseline with its state',
    ({ base, latch, was }) => {
      writeFileSync(base, was[0])
      writeFileSync(latch, was[2])
    },
  ],
  ['no baseline', ({ base }) => unlinkSync(base)],
  ['an edited state', ({ latch }) => writeFileSync(latch, readFileSync(latch, 'utf8').replaceAll('1', '2'))],
  ['no state', ({ latch }) => unlinkSync(latch)],
  ['a baseline that others may write', ({ base }) => chmodSync(base, 0o666)],
]

interface Files {
  readonly base: string
  readonly latch: string
  /** The first baseline, the second, and the first state. */
  readonly was: readonly [string, string, string]
}

for (const [what, tamper] of TAMPERING) {
  for (const isRunning of [true, false]) {
    test(`${what} is noticed ${isRunning ? 'while it runs' : 'at the next start'}, and does not verify`, async () => {
      const { open, roots, kept, offline, at } = room()
      const first = open()
      await first.take(roots, false)
      const [base, latch] = [kept('baseline'), kept('latch')]
      const [older, olderLatch] = [readFileSync(base, 'utf8'), readFileSync(latch, 'utf8')]
      appendFileSync(at('e'), 'accepted')
      await first.take(roots, true)
      assert.equal((await offline()).ok, true)
      tamper({ base, latch, was: [older, readFileSync(base, 'utf8'), olderLatch] })
      assert.equal((await offline()).ok, false)
      const monitor = isRunning ? first : open()
      const { tampered } = await monitor.pass(false)
      assert.equal(tampered.length > 0, true)
      assert.equal(monitor.state, 'recovery_required')
      assert.deepEqual((await monitor.pass(false)).tampered, [], 'told once')
      await assert.rejects(monitor.take(roots, false), { code: 'INTEGRITY_CHANGED' })
      await monitor.take(roots, true)
      assert.equal(monitor.state, 'trusted')
    })
  }
}
