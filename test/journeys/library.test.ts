import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, test, type TestContext } from 'node:test'
import { house, type House } from '../kit/house.ts'

const ROOT = new URL('../../', import.meta.url).pathname
const LIBRARY = join(ROOT, 'dist/index.js')
const HARDENED = ['--disable-proto=throw', '--disallow-code-generation-from-strings']

before(() => {
  if (existsSync(LIBRARY)) return
  const built = spawnSync(process.execPath, [join(ROOT, 'scripts/build.ts')], { encoding: 'utf8' })
  assert.equal(built.status, 0, built.stdout + built.stderr)
})

interface Ran {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** As `npm install` of this folder would. */
function installIn(home: House): void {
  const modules = join(home.workspace, 'node_modules')
  mkdirSync(modules, { recursive: true })
  rmSync(join(modules, 'warder'), { force: true })
  symlinkSync(ROOT, join(modules, 'warder'))
}

/** Runs a program that uses the library, as its user would write it, in a process of its own. */
function program(home: House, body: string): Promise<Ran> {
  const file = join(home.workspace, 'program.mjs')
  installIn(home)
  writeFileSync(file, `import { openWarder, KnownError } from 'warder'\n${body}`)
  const child = spawn(process.execPath, [...HARDENED, file], {
    cwd: home.workspace,
    env: { ...home.environment },
    timeout: 60_000,
  })
  const { promise, resolve, reject } = Promise.withResolvers<Ran>()
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  child.once('error', reject)
  child.once('close', (code) => resolve({ code, stdout, stderr }))
  return promise
}

const SESSION = (mode: string) => `
await using warder = await openWarder({ mode: '${mode}' })
const verdict = await warder.decide({ as: 'builder', capability: 'fs:read:/srv/data/a.csv' })
const result = await warder.run({ kind: 'exec', workspace: process.cwd(), argv: ['cat'], input: 'through' })
let refusal
try {
  await warder.run({ kind: 'exec', agent: 'builder', workspace: process.cwd(), argv: ['true'] })
} catch (error) {
  refusal = { known: error instanceof KnownError, code: error.code, kind: error.kind, fix: error.fix }
}
let invalid
try {
  await warder.decide({ as: 'builder', capability: 'nonsense' })
} catch (error) {
  invalid = { known: error instanceof KnownError, kind: error.kind }
}
await warder.call('grantAdd', { principal: 'builder', capability: 'fs:read:/srv/data/**', reason: 'a journey' })
const since = await warder.decide({ as: 'builder', capability: 'fs:read:/srv/data/a.csv' })
const entries = await warder.audit({ agent: 'builder' })
console.log(JSON.stringify({
  first: verdict.effect ?? verdict.decision?.effect,
  then: since.effect ?? since.decision?.effect,
  code: result.code, reason: result.reason, stdout: result.stdout.toString(),
  refusal, invalid, entries: entries.length,
}))
`

for (const mode of ['daemon', 'in-process'] as const) {
  test(`a program decides, runs and reads the record, ${mode}`, async (t) => {
    const home = house(t)
    const { code, stdout, stderr } = await program(home, SESSION(mode))
    assert.equal(code, 0, stderr)
    const { entries, refusal, ...rest } = JSON.parse(stdout) as {
      entries: number
      refusal: { known: boolean; code: string; kind: string; fix: string }
    }
    assert.deepEqual(rest, {
      first: 'deny',
      then: 'allow',
      code: 0,
      reason: 'exited',
      stdout: 'through',
      invalid: { known: true, kind: 'invalid' },
    })
    assert.deepEqual([refusal.known, refusal.code, refusal.kind], [true, 'DENIED', 'forbidden'])
    assert.match(refusal.fix, /warder grant add builder/)
    assert.ok(entries >= 3)
    assert.equal(home.daemonPid() !== undefined, true)
    const verified = await home.warder(['audit', 'verify', '--json'])
    assert.equal(verified.json()['ok'], true, 'what it did is in the ledger, whole')
  })
}

test('in process and a daemon exclude each other, whichever came first', async (t) => {
  const home = house(t)
  assert.equal((await home.warder(['daemon', 'start'])).code, 0)
  const tried = `
try {
  await openWarder({ mode: 'in-process' })
} catch (error) {
  console.log(error instanceof KnownError, error.code, error.fix)
}
process.exit()`
  const second = await program(home, tried)
  assert.match(second.stdout, /^true DAEMON_RUNNING .*warder/, second.stderr)
  assert.equal((await home.warder(['daemon', 'stop'])).code, 0)
  await assertDaemonRefused(t, home)
})

async function assertDaemonRefused(t: TestContext, home: House): Promise<void> {
  const file = join(home.workspace, 'holder.mjs')
  writeFileSync(
    file,
    `import { openWarder } from 'warder'
await openWarder({ mode: 'in-process' })
console.log('open')
process.stdin.resume().once('end', () => process.exit())`,
  )
  const holder = spawn(process.execPath, [...HARDENED, file], {
    cwd: home.workspace,
    env: { ...home.environment },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  t.after(() => holder.kill('SIGKILL'))
  await new Promise((resolve) => holder.stdout.once('data', resolve))
  const refused = await home.warder(['daemon', 'start', '--json'])
  assert.equal(refused.code, 7)
  const { error } = refused.json<{ error: { code: string; what: string } }>()
  assert.equal(error.code, 'DAEMON_UNREACHABLE')
  assert.match(error.what, /already runs/)
  const ended = new Promise((resolve) => void holder.once('close', resolve))
  holder.stdin.end()
  await ended
}

test('its types hold a program to what the library really takes', (t) => {
  const home = house(t)
  const check = (body: string): Ran => {
    const file = join(home.workspace, 'typed.ts')
    installIn(home)
    writeFileSync(file, `import { openWarder, type Warder } from 'warder'\n${body}`)
    const options = [
      ['--noEmit', '--strict', '--skipLibCheck', '--target', 'esnext', '--module', 'nodenext'],
      ['--types', 'node', '--typeRoots', join(ROOT, 'node_modules/@types')],
    ].flat()
    const tsc = join(ROOT, 'node_modules/typescript/bin/tsc')
    const { status, stdout, stderr } = spawnSync(process.execPath, [tsc, ...options, file], {
      encoding: 'utf8',
      cwd: home.workspace,
    })
    return { code: status, stdout, stderr }
  }
  const good = check(`
export async function use(): Promise<number> {
  await using warder: Warder = await openWarder({ mode: 'in-process', settings: { 'log.level': 'error' } })
  await warder.decide({ as: 'builder', capability: 'fs:read:/srv/a' })
  const { code, stdout } = await warder.run({ kind: 'exec', workspace: '/srv', argv: ['ls'] })
  return (code ?? 0) + stdout.length
}`)
  assert.equal(good.code, 0, good.stdout)
  const bad = check(`
const warder = await openWarder({ mode: 'somewhere' })
await warder.run({ kind: 'exec', argv: 'ls' })
export {}`)
  assert.notEqual(bad.code, 0)
  assert.match(bad.stdout, /somewhere/)
  assert.match(bad.stdout, /TS2345|TS2741|TS2322/)
})
