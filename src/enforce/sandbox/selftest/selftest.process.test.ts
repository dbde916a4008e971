import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { openNative } from '../../../platform/native.ts'
import { createBubblewrapDriver, seccompDigestHere } from '../bubblewrap-driver.ts'
import { compile } from '../compile.ts'
import { diskLookup } from '../lookup.ts'
import { profileSchema, type Profile } from '../profile.ts'
import { specDigest, type Mount, type SandboxSpec } from '../spec.ts'
import type { PlanRun } from './going.ts'
import { processesNamed } from './host.ts'
import { findProber } from './prober.ts'
import { runSelfTest, type SelfTestReport } from './selftest.ts'
import { sweepStages } from './stage.ts'

// The self-test itself: does it see a hole that is there, and does it keep quiet about what it could not try?

const place = mkdtempSync(join(tmpdir(), 'self-test-of-the-test-'))
const [home, own] = [join(place, 'home'), join(place, 'own')]
mkdirSync(home)
mkdirSync(own)
after(() => rmSync(place, { recursive: true, force: true }))

const prober = findProber()
const canRun = existsSync('/usr/bin/bwrap') && !('missing' in prober)
const options = canRun ? {} : { skip: 'bubblewrap or the prober is not here: the self-test was NOT tried' }
const driver = createBubblewrapDriver({ native: openNative() })

function profileWith(process_: object, more: object = {}): Profile {
  return profileSchema.parse({
    name: 'tried',
    description: 'for tests of the self-test',
    filesystem: { workspace: 'read-write', temporary_size: '8MiB' },
    network: { mode: 'none' },
    process: {
      fork: true,
      max_seconds: 60,
      max_memory: '64MiB',
      max_processes: 24,
      max_open_files: 64,
      max_file: '2MiB',
      max_output: '1MiB',
      ...process_,
    },
    environment: { mode: 'none' },
    ...more,
  })
}

const PROFILE = profileWith({})

const canaries = () => readdirSync('/dev/shm').filter((name) => name.startsWith('warder-canary-'))
const FOUND = new Set(canaries())
const newCanaries = () => canaries().filter((name) => !FOUND.has(name))

type Change = (spec: SandboxSpec, workspace: string) => Partial<SandboxSpec>

/** The planner of a run, with a hole in it on request. */
function planner(profile: Profile, change: Change = () => ({})): PlanRun {
  return async ({ argv, workspace, maxSeconds = 60 }) => {
    const spec = compile(
      { ...profile, process: { ...profile.process, max_seconds: maxSeconds } },
      {
        ...{ argv, workspace, home, reach: [], exclusions: [own], seccompDigest: seccompDigestHere },
        env: { PATH: '/usr/bin:/bin' },
        user: { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0, name: 'somebody' },
      },
      diskLookup,
    )
    const changed = { ...spec, ...change(spec, workspace) }
    return { spec: { ...changed, digest: specDigest(changed) }, dispose: async () => undefined }
  }
}

async function tried(
  only: readonly string[],
  { profile = PROFILE, change }: { readonly profile?: Profile; readonly change?: Change } = {},
): Promise<SelfTestReport> {
  const plan = planner(profile, change)
  return runSelfTest({ driver, profile, plan, prober, home, own, only, now: Date.now })
}

const resultsOf = ({ results }: SelfTestReport) =>
  Object.fromEntries(results.map(({ name, result }) => [name, result]))

test('a secret that is shown by mistake is found, by each way that leads to it', options, async () => {
  const shown = (workspace: string): Mount => {
    const path = join(dirname(workspace), 'secret')
    return { type: 'bind', source: path, path, access: 'read', why: 'a hole made for the test' }
  }
  const report = await tried(['read-secret', 'read-dot-dot', 'read-planted-link', 'read-twin'], {
    change: ({ mounts }, workspace) => ({ mounts: [...mounts, shown(workspace)] }),
  })
  assert.deepEqual(resultsOf(report), {
    'read-secret': 'escaped',
    'read-twin': 'stopped',
    'read-dot-dot': 'escaped',
    'read-planted-link': 'escaped',
  })
  assert.deepEqual(report.broken, ['namespaces'])
  assert.equal(report.isGreen, false)
  assert.equal(report.isWhole, false)
})

test('a protected name that is left open is found by what lies outside afterwards', options, async () => {
  const report = await tried(['git-hook', 'absent-mcp', 'rename-away', 'shell-start'], {
    change: ({ mounts }) => ({ mounts: mounts.filter(({ why }) => !/protected/.test(why)) }),
  })
  assert.deepEqual(resultsOf(report), {
    'git-hook': 'escaped',
    'absent-mcp': 'escaped',
    'rename-away': 'escaped',
    'shell-start': 'stopped',
  })
})

test('a limit that is not kept is found', options, async () => {
  const plans = { made: 0 }
  const report = await tried(['file-size', 'open-files', 'output', 'wall-clock'], {
    // the first plan tells what is promised; what then runs does not keep it
    change: ({ limits }) => {
      const { outputBytes: _none, ...kept } = limits
      return (plans.made += 1) === 1
        ? {}
        : { limits: { ...kept, fileBytes: 2 ** 40, openFiles: 1024, wallMs: 60_000 } }
    },
  })
  assert.deepEqual(resultsOf(report), {
    'file-size': 'escaped',
    'open-files': 'escaped',
    'wall-clock': 'escaped',
    output: 'escaped',
  })
  assert.ok(report.broken.includes('file-size-limit') && report.broken.includes('open-files-limit'))
})

test('with nothing changed the same attempts are stopped', options, async () => {
  const report = await tried(['files', 'persistence', 'swaps', 'endings', 'limits'])
  const open = report.results.filter(({ result }) => result === 'escaped')
  assert.deepEqual(open, [])
  assert.equal(report.isGreen, true, JSON.stringify(report.results.filter(({ isMissing }) => isMissing)))
  assert.ok(report.counts.stopped >= 45, `${report.counts.stopped} stopped`)
})

test('where no process may be started everything is tried all the same', options, async () => {
  const report = await tried(['kernel', 'namespaces', 'network', 'keyrings'], {
    profile: profileWith({ fork: false }),
  })
  assert.deepEqual(
    report.results.filter(({ result }) => result === 'escaped' || result === 'not-run'),
    [],
  )
  assert.ok(report.counts.stopped >= 50, `${report.counts.stopped} stopped`)
})

test('without the prober nothing was run, and nothing counts as stopped', async () => {
  const missing = { missing: 'not built' }
  const report = await runSelfTest({
    ...{ driver, profile: PROFILE, plan: planner(PROFILE), prober: missing, home, own, now: Date.now },
  })
  assert.equal(report.counts.notRun, report.results.length)
  assert.equal(report.counts.stopped, 0)
  assert.ok(report.counts.missing >= 60)
  assert.equal(report.isGreen, false)
  assert.deepEqual(report.broken, [])
})

test('an attempt nobody knows is refused, with the nearest name', async () => {
  await assert.rejects(tried(['read-secrets']), { code: 'SELFTEST_ATTEMPT_UNKNOWN', fix: /read-secret\?/ })
})

test('nothing is left: no canary, no process, no directory', options, async () => {
  writeFileSync(join(home, 'mine'), 'x')
  const before = stages()
  await tried(['endings', 'persistence', 'read-home', 'read-own', 'read-shared-memory-file'])
  assert.deepEqual(readdirSync(home), ['mine'])
  assert.deepEqual(readdirSync(own), [])
  // a self-test that runs beside this one has canaries too, which it takes away in its own time
  for (let waited = 0; waited < 60_000 && newCanaries().length > 0; waited += 100) await sleep(100)
  assert.deepEqual(newCanaries(), [])
  assert.deepEqual(stages(), before)
})

/** Other tests may have theirs. */
function stages(): readonly string[] {
  return readdirSync(tmpdir()).filter((name) => name.startsWith('warder-self-test-'))
}

test('what a test left that was cut short is taken away by the next one', async () => {
  const [old, young] = ['old', 'new'].map((name) => join(tmpdir(), `warder-self-test-${name}-${process.pid}`))
  for (const path of [old, young]) mkdirSync(path!)
  utimesSync(old!, 0, 0)
  sweepStages(Date.now())
  assert.deepEqual([existsSync(old!), existsSync(young!)], [false, true])
  rmSync(young!, { recursive: true })
})

test('processes are found by the name they give themselves', () => {
  assert.deepEqual(processesNamed('no process has such a name'), [])
})
