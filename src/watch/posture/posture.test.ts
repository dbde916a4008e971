import assert from 'node:assert/strict'
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type { Finding } from '../../core/incident.ts'
import { scanFiles } from './files.ts'
import { scanKeys } from './keys.ts'
import { MemoryWatch, readMemory } from './memory.ts'
import { apply } from './mend.ts'
import { scanNetwork } from './network.ts'
import { scanPrograms } from './programs.ts'
import { scoreOf, type Looked, type Weakness } from './report.ts'
import { Scans, type ScansOptions } from './scans.ts'
import { walk } from './walk.ts'

const uid = process.getuid?.()
const never = () => new AbortController().signal

function directory(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'posture-'))
  t.after(() => rmSync(path, { recursive: true, force: true }))
  return path
}

function file(path: string, mode: number): string {
  mkdirSync(join(path, '..'), { recursive: true })
  writeFileSync(path, 'x')
  chmodSync(path, mode)
  return path
}

const ids = ({ weaknesses }: Looked) => weaknesses.map(({ id, subject }) => `${id} ${subject}`).toSorted()

test('planted faults of files are found, and what is right is not', async (t) => {
  const root = directory(t)
  const own = join(root, 'own')
  const open = file(join(root, 'etc/open.conf'), 0o666)
  file(join(root, 'etc/right.conf'), 0o644)
  mkdirSync(join(root, 'var/tmp'), { recursive: true })
  chmodSync(join(root, 'var/tmp'), 0o1777)
  symlinkSync('/nowhere', join(root, 'etc/link'))
  const key = file(join(root, 'work/server.key'), 0o644)
  file(join(root, 'work/closed.pem'), 0o600)
  file(join(root, 'work/server.key.pub'), 0o644)
  file(join(root, 'work/node_modules/x/test.pem'), 0o644)
  const dotenv = file(join(root, 'work/.env'), 0o620)
  for (let i = 0; i < 21; i += 1) file(join(root, `usr/bin/p${i}`), 0o4755)
  file(join(own, 'inner'), 0o666)
  chmodSync(own, 0o750)
  const options = { root, roots: [join(root, 'work')], own: [own], uid, now: () => Date.now() }
  const found = await scanFiles(options, never())
  assert.deepEqual(
    ids(found),
    [
      `many-set-id ${root}`,
      `own-open ${own}`,
      `secret-open ${dotenv}`,
      `secret-open ${key}`,
      `world-writable ${open}`,
    ].toSorted(),
  )
  assert.equal(found.weaknesses.find(({ subject }) => subject === dotenv)?.severity, 'high')
  assert.equal(scoreOf(found.weaknesses), 4 + 4 + 7 + 4 + 7)
})

test('only what is Warder’s own is mended, exactly as it was found', async (t) => {
  const root = directory(t)
  const own = join(root, 'own')
  const half = file(join(own, 'runs/a.json.new'), 0o600)
  utimesSync(half, 1, 1)
  chmodSync(own, 0o755)
  const options = { root, roots: [], own: [own], uid, now: () => Date.now() }
  const found = await scanFiles(options, never())
  const mends = found.weaknesses.flatMap(({ mend }) => mend ?? [])
  assert.equal(mends.length, 2)
  chmodSync(own, 0o711)
  const [mode, leftover] = mends.toSorted((a, b) => b.kind.localeCompare(a.kind))
  assert.ok(mode !== undefined && leftover !== undefined)
  assert.equal(apply(mode, uid).result, 'failed', 'somebody changed it meanwhile')
  chmodSync(own, 0o755)
  assert.equal(apply(mode, uid).result, 'done')
  assert.equal(statSync(own).mode & 0o777, 0o700)
  assert.equal(apply(leftover, uid).result, 'done')
  assert.equal(apply(leftover, uid).result, 'failed', 'it is gone')
})

test('a link put in the place of what is mended changes nothing else', (t) => {
  const root = directory(t)
  const victim = file(join(root, 'victim'), 0o644)
  symlinkSync(victim, join(root, 'link'))
  const mend = { kind: 'mode', path: join(root, 'link'), from: 0o644, to: 0o600 } as const
  assert.equal(apply(mend, uid).result, 'failed')
  assert.equal(statSync(victim).mode & 0o777, 0o644)
})

test('keys that others can read or change are found', async (t) => {
  const root = directory(t)
  const own = join(root, 'keys')
  mkdirSync(own, { mode: 0o700 })
  file(join(own, 'right'), 0o600)
  const open = file(join(own, 'open'), 0o640)
  const ssh = join(root, 'ssh')
  const theirs = file(join(ssh, 'id_ed25519'), 0o644)
  file(join(ssh, 'id_ed25519.pub'), 0o644)
  const list = file(join(ssh, 'authorized_keys'), 0o666)
  const found = await scanKeys(
    { own, others: [ssh, join(root, 'none')], uid, now: () => Date.now() },
    never(),
  )
  assert.deepEqual(ids(found), [`key-open ${list}`, `key-open ${open}`, `key-open ${theirs}`].toSorted())
  assert.equal(found.weaknesses.find(({ subject }) => subject === list)?.severity, 'critical')
  assert.equal(found.weaknesses.filter(({ mend }) => mend !== undefined).length, 1, 'only its own')
})

test('high memory is told once, until it is well again', () => {
  const watch = new MemoryWatch(80)
  const at = (percent: number) => watch.look([{ of: 'machine', percent }]).length
  assert.deepEqual([79, 81, 79, 76, 74, 79, 81].map(at), [0, 1, 1, 1, 0, 0, 1])
})

test('memory is read as this kernel tells it', () => {
  const { uses } = readMemory()
  const machine = uses.find(({ of }) => of === 'machine')
  if (process.platform === 'linux')
    assert.ok(machine !== undefined && machine.percent > 0 && machine.percent < 100)
})

test('what listens beyond loopback undeclared is found, wildcards as worse', () => {
  const port = { protocol: 'tcp', isLoopback: false, isWildcard: false, isDeclared: false } as const
  const found = scanNetwork([
    { ...port, address: '0.0.0.0', port: 4444, isWildcard: true },
    { ...port, address: '10.0.0.1', port: 80 },
    { ...port, address: '127.0.0.1', port: 81, isLoopback: true },
    { ...port, address: '10.0.0.1', port: 22, isDeclared: true },
  ])
  assert.deepEqual(
    found.weaknesses.map(({ severity }) => severity),
    ['high', 'medium'],
  )
})

test('programs from memory, hidden ones and scripts in shared memory are hints', async (t) => {
  const root = directory(t)
  const process1 = join(root, 'proc/77')
  mkdirSync(process1, { recursive: true })
  symlinkSync('/memfd:x (deleted)', join(process1, 'exe'))
  file(join(root, 'proc/sys/kernel/pid_max'), 0o644)
  writeFileSync(join(root, 'proc/sys/kernel/pid_max'), '200\n')
  mkdirSync(join(root, 'dev/shm'), { recursive: true })
  writeFileSync(join(root, 'dev/shm/run'), '#!/bin/sh\n')
  writeFileSync(join(root, 'dev/shm/data'), 'harmless')
  const { weaknesses, notes } = await scanPrograms(
    { root, isThere: (pid) => [77, 99].includes(pid), installed: [] },
    never(),
  )
  assert.deepEqual(weaknesses.map(({ id }) => id).toSorted(), [
    'executable-in-shared-memory',
    'process-hidden',
    'program-in-memory',
  ])
  assert.ok(notes.some((note) => note.includes('no modules')))
  assert.match(notes[0] ?? '', /hints/)
})

test('a walk follows no link, and says when it stopped before the end', async (t) => {
  const root = directory(t)
  symlinkSync('/', join(root, 'all'))
  for (let i = 0; i < 20; i += 1) file(join(root, `f${i}`), 0o600)
  const seen: string[] = []
  const end = await walk(root, ({ path }) => seen.push(path), { signal: never() })
  assert.equal(seen.length, 22)
  assert.equal(end.isCut, false)
  assert.equal((await walk(root, () => undefined, { signal: never(), most: 5 })).isCut, true)
})

const weakness: Weakness = {
  ...{ id: 'x', area: 'files', severity: 'high', what: 'w', fix: 'f', subject: 's' },
}

function scans(over: Partial<ScansOptions['scans']>, timeoutMs = 1000) {
  const raised: Finding[] = []
  const nothing = async () => ({ weaknesses: [], notes: [] })
  const all = new Scans({
    scans: { keys: nothing, memory: nothing, files: nothing, network: nothing, programs: nothing, ...over },
    ...{ raise: (finding) => raised.push(finding), now: () => 1, monotonicMs: () => performance.now() },
    ...{ intervalMs: 0, timeoutMs, random: () => 0.5 },
  })
  return { all, raised }
}

test('what is weak is told once for as long as it is so', async () => {
  const state = { weaknesses: [weakness] }
  const { all, raised } = scans({ files: async () => ({ ...state, notes: [] }) })
  await all.run(['files'])
  await all.run(['files'])
  assert.equal(raised.length, 1)
  state.weaknesses = []
  await all.run(['files'])
  state.weaknesses = [weakness]
  await all.run(['files'])
  assert.equal(raised.length, 2)
})

test('a scan that fails or takes too long is told, and its area is not taken for well', async () => {
  const { all, raised } = scans(
    {
      keys: async () => {
        throw new Error('no such disk')
      },
      files: () => new Promise(() => undefined),
    },
    50,
  )
  const reports = await all.run(['keys', 'files', 'memory'])
  assert.deepEqual(
    reports.map(({ failed }) => failed),
    ['no such disk', 'it took longer than 0.05 s (posture.timeout)', undefined],
  )
  assert.equal(raised.filter(({ rule }) => rule === 'posture.scan-failed').length, 2)
})

test('two who ask at once share one look', async () => {
  const count = { looks: 0 }
  const { all } = scans({
    files: async () => {
      count.looks += 1
      await new Promise((done) => setImmediate(done))
      return { weaknesses: [], notes: [] }
    },
  })
  await Promise.all([all.run(['files']), all.run(['files'])])
  assert.equal(count.looks, 1)
})

test('the fix of a path with a quote in it can be pasted', async (t) => {
  const root = directory(t)
  file(join(root, "etc/it's"), 0o666)
  const options = { root, roots: [], own: [], uid, now: () => Date.now() }
  const [found] = (await scanFiles(options, never())).weaknesses
  assert.match(found?.fix ?? '', /^chmod o-w '.*it'\\''s'$/)
  assert.equal(readFileSync(join(root, "etc/it's"), 'utf8'), 'x')
})
