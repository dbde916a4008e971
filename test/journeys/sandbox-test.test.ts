import assert from 'node:assert/strict'
import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { after, test, type TestContext } from 'node:test'
import { house, type House } from '../kit/house.ts'
import { configure } from '../kit/owner.ts'

interface Report {
  readonly isGreen: boolean
  readonly isWhole: boolean
  readonly level: string
  readonly entry: number
  readonly broken: readonly string[]
  readonly counts: Readonly<Record<string, number>>
  readonly results: readonly {
    readonly name: string
    readonly group: string
    readonly result: string
    readonly why: string
    readonly isMissing: boolean
  }[]
}

interface Status {
  readonly sandbox: {
    readonly guarantees: readonly { readonly name: string; readonly inForce: boolean; readonly why: string }[]
    readonly tests: readonly { readonly profile: string; readonly isGreen: boolean; readonly entry: number }[]
  }
}

const home = house({ after })
// a machine may have to fetch the memory that is tried out first
const PATIENCE = { timeoutMs: 300_000 }

const asked: { missing?: Promise<string | undefined> } = {}

/** Whether a sandbox can be built here at all, and the prober is there; where not, nothing can be shown. */
async function canTest(t: TestContext): Promise<boolean> {
  const missing = await (asked.missing ??= whatIsMissing())
  if (missing === undefined) return true
  t.skip(`the self-test was NOT tried here: ${missing}`)
  return false
}

async function whatIsMissing(): Promise<string | undefined> {
  const probed = await home.warder(['sandbox', 'probe', '--json'])
  const [first] = (
    await home.warder(['sandbox', 'test', '--only', 'read-secret', '--json'], PATIENCE)
  ).json<Report>().results
  if (first !== undefined && first.result !== 'not-run') return undefined
  return first?.why ?? probed.stderr
}

/** What the doctor says of self-tests. */
async function doctorOn(of: House, env = {}): Promise<string | undefined> {
  const { checks } = (await of.command(['doctor', '--json'], { env })).json<{
    checks: { check: string; state: string }[]
  }>()
  return checks.find(({ check }) => check === 'self-test')?.state
}

test('what was not tested is not said to be', async () => {
  const { stdout, code } = await home.command(['status'])
  assert.equal(code, 0)
  assert.match(stdout, /^tested +not tested on this boot: warder sandbox test$/m)
  assert.equal(await doctorOn(home), 'warn')
})

test('every way out is tried on this host, none is open, and it is on record', async (t) => {
  if (!(await canTest(t))) return
  const before = readdirSync(home.home)
  const run = await home.warder(['sandbox', 'test', '--json'], PATIENCE)
  const report = run.json<Report>()
  const of = (result: string) => report.results.filter((each) => each.result === result)
  assert.deepEqual(of('escaped'), [])
  assert.deepEqual(
    report.results.filter(({ isMissing }) => isMissing),
    [],
  )
  assert.equal(run.code, 0)
  assert.equal(report.isWhole && report.isGreen, true)
  assert.ok(of('stopped').length >= 60, `${of('stopped').length} were stopped`)
  for (const { name, why } of of('not-stoppable')) assert.ok(why.length > 40, `${name} is explained`)
  assert.deepEqual(readdirSync(home.home), before, 'nothing is left in the home directory')

  const shown = await home.command(['audit', 'show', String(report.entry), '--json'])
  const entry = shown.json<{ action: string; result: string; details: Record<string, unknown> }>()
  assert.deepEqual([entry.action, entry.result], ['sandbox:test', 'success'])
  assert.equal(entry.details['stopped'], of('stopped').length)
  assert.equal(entry.details['level'], report.level)
  assert.match(String(entry.details['profile_digest']), /^[0-9a-f]{64}$/)
  assert.equal((await home.command(['audit', 'verify'])).code, 0)

  assert.equal(await doctorOn(home), 'ok')
  const { stdout } = await home.command(['status'])
  assert.match(
    stdout,
    new RegExp(`^tested .*profile agent.*ways out stopped, none open.*entry ${report.entry}$`, 'm'),
  )
})

test('an attempt, a profile or a driver nobody knows is named, and nothing is tried', async () => {
  for (const wrong of [
    ['--only', 'read-sekret'],
    ['--profile', 'nosuch'],
    ['--driver', 'nosuch'],
  ]) {
    const { code, stderr, stdout } = await home.warder(['sandbox', 'test', ...wrong])
    assert.equal(code, 4, stderr)
    assert.match(stderr, /(read-sekret|nosuch)/)
    assert.match(stderr, /^ {2}fix: /m)
    assert.equal(stdout, '')
  }
})

const LOOSE = (shown: string) => `
name: loose
description: shows the directory where the canaries of the self-test are put
filesystem: { workspace: read-only, temporary_size: 8MiB${shown} }
network: { mode: none }
process: { fork: true, max_memory: 64MiB, max_processes: 24, max_open_files: 64, max_file: 2MiB }
environment: { mode: none }
`

test('a way out that is found is not claimed any more, and what relies on it does not start', async (t) => {
  if (!(await canTest(t))) return
  const loose = house(t)
  const scratch = join(loose.home, 'scratch')
  mkdirSync(scratch)
  mkdirSync(join(loose.home, '.config/warder/profiles'), { recursive: true, mode: 0o700 })
  configure(loose, 'profiles/loose.yaml', LOOSE(`, read_write: ["${scratch}"]`))
  // the first command starts the daemon, which takes the directory for temporary files from it
  const env = { TMPDIR: scratch }
  const test_ = (...more: readonly string[]) =>
    loose.warder(['sandbox', 'test', '--profile', 'loose', '--json', ...more], { ...PATIENCE, env })

  const found = await test_('--only', 'read-secret')
  assert.equal(found.code, 8, found.stderr)
  assert.deepEqual(found.json<Report>().broken, ['namespaces'])

  const isSaid = async () => {
    const status = (await loose.command(['status', '--json'], { env })).json<Status>()
    const guarantee = status.sandbox.guarantees.find(({ name }) => name === 'namespaces')
    assert.equal(guarantee?.inForce, false)
    assert.match(guarantee.why, /a self-test of .*found a way out: read-secret/)
    assert.equal(await doctorOn(loose, env), 'fail')
    const refused = await loose.warder(['exec', '--', 'echo', 'RAN'], { env })
    assert.equal(refused.code, 7)
    assert.equal(refused.stdout, '')
    assert.match(refused.stderr, /a self-test of .*found a way out: read-secret/)
  }
  await isSaid()
  assert.equal((await loose.warder(['sandbox', 'probe'], { env })).code, 7)

  await loose.warder(['daemon', 'stop'], { env })
  await isSaid() // by a daemon that was not there when it was found

  configure(loose, 'profiles/loose.yaml', LOOSE(''))
  const partial = await test_('--only', 'read-secret')
  assert.equal(partial.code, 0, partial.stderr)
  await isSaid() // a part that holds does not show that the whole does

  const whole = await test_()
  assert.equal(
    whole.code,
    0,
    JSON.stringify(whole.json<Report>().results.filter(({ result }) => result === 'escaped')),
  )
  const ran = await loose.warder(['exec', '--', 'echo', 'RAN'], { env })
  assert.equal(ran.stdout, 'RAN\n', ran.stderr)
})
