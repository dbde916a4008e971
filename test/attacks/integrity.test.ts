/** Threat: somebody changes what the machine stands on, and hides it: by times, names, links, or in the baseline itself. */
import assert from 'node:assert/strict'
import {
  appendFileSync,
  chmodSync,
  closeSync,
  copyFileSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { after, before, test, type TestContext } from 'node:test'
import type { AlertAnswer } from '../../src/api/alerts.ts'
import { house, until } from '../kit/house.ts'
import { configure, keysOf, owner, refused } from '../kit/owner.ts'
import { endDaemon } from '../kit/restart.ts'

const home = house({ after })
const tree = join(home.home, 'watched')
const models = join(home.home, 'models')
const programs = join(home.home, 'agent-bin')
const outside = join(home.home, 'outside')
const kept = join(home.state, 'integrity')
const unit = join(home.home, '.config/systemd/user/warder.service')
const inTree = (name: string): string => join(tree, name)

const SETTINGS = [
  `integrity.watch=${tree}`,
  `integrity.models=${models}`,
  `integrity.programs=${programs}`,
  // the programs of this checkout may be built again at any time
  'integrity.own=units,trust,policy,agent-settings',
  'integrity.interval=400ms',
]
const state = {} as { me: Awaited<ReturnType<typeof owner>> }

before(async () => {
  for (const folder of [tree, models, programs, outside, join(unit, '..')])
    mkdirSync(folder, { recursive: true })
  for (let i = 0; i < 16; i++) writeFileSync(inTree(`file-${i}`), `content ${i}\n`)
  mkdirSync(inTree('deep/er'), { recursive: true })
  symlinkSync(outside, inTree('way-out'))
  writeFileSync(join(models, 'small.model'), 'weights'.repeat(1000))
  copyFileSync('/bin/true', join(programs, 'agent'))
  writeFileSync(unit, '[Service]\nExecStart=/bin/true\n')
  mkdirSync(join(home.home, '.config/warder/profiles'), { recursive: true, mode: 0o700 })
  configure(
    home,
    'profiles/models.yaml',
    `name: models
description: for a test
filesystem: { workspace: read-only, read_only: [${models}] }
network: { mode: none }
process: { fork: true, max_memory: 512MiB, max_processes: 64, max_open_files: 256 }
environment: { mode: none }
`,
  )
  state.me = await owner({ after }, home, SETTINGS)
})

async function alerts(): Promise<readonly AlertAnswer[]> {
  return (await state.me.call('alertList', { recent: 1000 })).alerts
}

/** Waits for the alert about a path, and says how long that took. */
async function noticed(t: TestContext, path: string, words: RegExp, since: number): Promise<AlertAnswer> {
  let found: AlertAnswer | undefined
  await until(
    async () =>
      (found = (await alerts()).find((each) => each.message.includes(path) && words.test(each.message))) !==
      undefined,
    `an alert about ${path} that says ${words}`,
  )
  t.diagnostic(`noticed and told after at most ${Date.now() - since} ms: ${found!.message}`)
  return found!
}

async function baseline(accept: boolean): Promise<void> {
  await state.me.call('integrityBaseline', { accept, reason: 'the test says so' })
}

const shown = () => state.me.call('integrityShow', {})

const opened = (more: object) =>
  state.me.open({ agent: 'reader', argv: ['/usr/bin/sha256sum', join(models, 'small.model')], ...more })

/** What an agent reads that is shown the models. */
async function reads(): Promise<string> {
  return (await state.me.attach((await opened({ profile: 'models' })).permit)).stdout
}

const verify = () => home.command(['integrity', 'verify', '--json'])

test('without a baseline nothing is claimed, and none is taken by itself', async () => {
  assert.equal((await shown()).state, 'unknown')
  const { code, stdout } = await verify()
  assert.equal(code, 8, stdout)
  assert.equal(JSON.parse(stdout).ok, false)
  const { components } = await state.me.call('health', {})
  assert.equal(components.find(({ name }) => name === 'integrity')?.state, 'unknown')
  const error = await refused(reads(), 'SANDBOX_MODEL_REFUSED')
  assert.match(error.message, /nothing was signed/)
})

test('every kind of change is noticed, and what was touched without a change is not', async (t) => {
  await baseline(false)
  assert.equal((await shown()).state, 'trusted')
  assert.equal((await verify()).code, 0)
  const changes: readonly (readonly [string, string, RegExp, () => void])[] = [
    ['content', 'file-0', /content/, () => appendFileSync(inTree('file-0'), 'more')],
    ['permissions', 'file-1', /permissions/, () => chmodSync(inTree('file-1'), 0o777)],
    ['a second name', 'file-2', /number of names/, () => linkSync(inTree('file-2'), join(outside, 'second'))],
    ['removed', 'file-3', /is gone/, () => unlinkSync(inTree('file-3'))],
    ['made', 'deep/er/new', /was not there/, () => writeFileSync(inTree('deep/er/new'), 'x')],
    [
      'replaced by the same',
      'file-4',
      /another file: inode/,
      () => {
        copyFileSync(inTree('file-4'), join(outside, 'twin'))
        renameSync(join(outside, 'twin'), inTree('file-4'))
      },
    ],
    [
      'a link instead',
      'file-5',
      /another file: kind/,
      () => {
        unlinkSync(inTree('file-5'))
        symlinkSync(join(outside, 'elsewhere'), inTree('file-5'))
      },
    ],
    [
      'a link turned',
      'way-out',
      /where it leads/,
      () => {
        unlinkSync(inTree('way-out'))
        symlinkSync('/etc', inTree('way-out'))
      },
    ],
    [
      'times put back',
      'file-6',
      /content/,
      () => {
        const { atime, mtime } = statSync(inTree('file-6'))
        writeFileSync(inTree('file-6'), 'CONTENT 6\n') // as long as before
        utimesSync(inTree('file-6'), atime, mtime)
      },
    ],
  ]
  for (const [what, path, words, change] of changes) {
    const since = Date.now()
    change()
    const { severity } = await noticed(t, inTree(path), words, since)
    assert.equal(severity, 'high', what)
  }
  utimesSync(inTree('file-7'), 1, 1)
  writeFileSync(join(outside, 'behind-the-link'), 'nobody follows it')
  const { differences, state: now } = await state.me.call('integrityDiff', {})
  assert.equal(now, 'recovery_required')
  assert.deepEqual(
    differences.map(({ path }) => path.slice(tree.length + 1)).filter((path) => /file-7|behind/.test(path)),
    [],
  )
})

test('a change is told once, however often it is looked at, and who made it where the kernel says so', async (t) => {
  const { instant } = await shown()
  const about = (await alerts()).filter(({ message }) => message.includes(inTree('file-0 ')))
  assert.deepEqual(
    about.map(({ count }) => count),
    [1],
  )
  if (instant.source !== 'fanotify') return t.skip(`nobody says who it was: ${instant.why}`)
  assert.match(
    about[0]!.message,
    new RegExp(`by ${process.execPath.replaceAll('.', '\\.')}.*\\(pid ${process.pid}\\)`),
  )
})

test('what stands is not signed by mistake, and the state stays over a restart and a repair', async () => {
  await assert.rejects(baseline(false), { code: 'INTEGRITY_CHANGED' })
  await endDaemon(home)
  appendFileSync(inTree('file-8'), 'while nobody looked')
  state.me = await owner({ after }, home, SETTINGS)
  assert.equal((await shown()).state, 'recovery_required')
  await until(
    async () => (await alerts()).some(({ message }) => message.includes(inTree('file-8'))),
    'what changed while the daemon was down is told',
  )
  await baseline(true)
  assert.equal((await shown()).state, 'trusted')
  appendFileSync(inTree('file-9'), 'x')
  await until(async () => (await shown()).state === 'degraded', 'one change degrades')
  writeFileSync(inTree('file-9'), 'content 9\n')
  await until(async () => (await shown()).differing === 0, 'it is as it was')
  assert.equal((await shown()).state, 'degraded')
  assert.equal((await verify()).code, 8, 'nor is it verified, before the owner says so')
  await baseline(true)
})

test('a run that would see a model begins only when that is as it was signed', async () => {
  const model = join(models, 'small.model')
  const { sha256 } = JSON.parse(readFileSync(join(kept, 'baseline.json'), 'utf8')).baseline.match(
    new RegExp(`"path":"${model}"[^}]*"sha256":"(?<sha256>[0-9a-f]+)"`),
  ).groups
  assert.equal(await reads(), `${sha256}  ${model}\n`)
  // nobody puts a directory away
  chmodSync(models, 0o777)
  assert.match((await refused(reads(), 'SANDBOX_MODEL_REFUSED')).message, /models was changed: permissions/)
  assert.match((await state.me.attach((await opened({ profile: 'agent' })).permit)).stdout, /^$/)
  chmodSync(models, 0o755)
  await baseline(true)
})

test('a swapped program of an agent, a unit and a key are incidents', async (t) => {
  const since = Date.now()
  copyFileSync('/bin/false', join(programs, 'next'))
  renameSync(join(programs, 'next'), join(programs, 'agent'))
  const swapped = await noticed(t, join(programs, 'agent'), /another file: content/, since)
  assert.equal(swapped.severity, 'critical')
  appendFileSync(unit, 'ExecStartPre=/tmp/evil\n')
  await noticed(t, unit, /content/, Date.now())
  const key = join(keysOf(home), 'grant.keys.json')
  const good = readFileSync(key)
  appendFileSync(key, ' ')
  await noticed(t, key, /content/, Date.now())
  writeFileSync(key, good)
  await until(async () => {
    const { incidents } = await state.me.call('incidentList', {})
    return incidents.filter((each) => each.class === 'integrity_violation').length >= 1
  }, 'an incident of it')
})

test('many programs that change at once are one more incident, and each has its alert', async (t) => {
  const held = async (): Promise<number> =>
    (await state.me.call('incidentList', {})).incidents.filter((each) => each.class === 'integrity_violation')
      .length
  const before = await held()
  const names = Array.from({ length: 12 }, (_, i) => join(programs, `updated-${i}`))
  for (const name of names) copyFileSync('/bin/true', name)
  for (const name of names) await noticed(t, name, /was not there/, Date.now())
  await until(
    async () => (await alerts()).some(({ message }) => /more of the kind program/.test(message)),
    'what is over is told together',
  )
  assert.ok((await held()) - before <= 4, `${await held()} incidents, ${before} of them before`)
})

test('a changed model is taken out of use', async (t) => {
  const model = join(models, 'small.model')
  appendFileSync(model, '!')
  const { severity } = await noticed(t, model, /content/, Date.now())
  assert.equal(severity, 'high')
  await until(() => {
    try {
      return statSync(model) === undefined
    } catch {
      return true
    }
  }, 'the model was put away')
})

test('a forged baseline and an edited state are noticed while the daemon runs, and nothing verifies', async () => {
  rmSync(models, { recursive: true })
  await baseline(true)
  const [base, latch] = ['baseline.json', 'latch.json'].map((name) => join(kept, name)) as [string, string]
  const attempts: readonly (readonly [string, () => void])[] = [
    ['forged', () => writeFileSync(base, readFileSync(base, 'utf8').replaceAll('420', '511'))],
    ['edited', () => writeFileSync(latch, readFileSync(latch, 'utf8').replaceAll('1', '2'))],
  ]
  for (const [what, attempt] of attempts) {
    assert.equal((await verify()).code, 0, `before: ${what}`)
    attempt()
    await until(async () => (await shown()).state === 'recovery_required', `it is noticed: ${what}`)
    assert.equal((await verify()).code, 8, what)
    await baseline(true)
  }
})

test('without the key nothing verifies', async () => {
  const key = join(keysOf(home), 'integrity.keys.json')
  const good = readFileSync(key)
  // while it is open its number is given to no other file
  const held = openSync(key, 'r')
  unlinkSync(key)
  assert.notEqual((await verify()).code, 0)
  writeFileSync(key, good, { mode: 0o600 })
  closeSync(held)
  assert.equal((await verify()).code, 8, 'it is another file by now')
})
