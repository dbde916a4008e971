import assert from 'node:assert/strict'
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { operands } from '../core/safe/argument.ts'
import { FormError } from '../core/safe/form.ts'
import { argumentList, CommandError, run } from './command.ts'

const NODE = process.execPath
const SHOW = ['-e', 'process.stdout.write(JSON.stringify(process.argv.slice(1)))']

function directory(t: TestContext): string {
  const path = realpathSync(mkdtempSync(join(tmpdir(), 'command-')))
  t.after(() => rmSync(path, { recursive: true, force: true }))
  return path
}

const HOSTILE = [
  '-rf',
  '--help',
  '--',
  '-',
  '',
  ' ',
  'a b',
  '$(id)',
  '`id`',
  '; id',
  '| id',
  '&& id',
  '> /tmp/x',
  '*',
  '?',
  '~',
  '${HOME}',
  '%s%n',
  '\\',
  "'",
  '"',
  `it's "quoted"`,
  '{a,b}',
  '!!',
  '#',
  'ünïcödé',
  '🙂',
  '\u202eevil',
  '=x',
  '@file',
  'x'.repeat(100_000),
]

test('hostile words reach the child as they are, behind --', async () => {
  const { reason, code, stdout } = await run(NODE, [...SHOW, operands(HOSTILE)])
  assert.deepEqual({ reason, code }, { reason: 'exited', code: 0 })
  assert.deepEqual(JSON.parse(stdout.toString()), HOSTILE) // node itself takes the -- away
  const printed = await run('/usr/bin/printf', ['%s.', operands([])])
  assert.equal(printed.stdout.toString(), '--.') // a program that does not know -- sees it
  assert.deepEqual(argumentList(['-l', operands(['-rf'])]), ['-l', '--', '-rf'])
})

test('a word that would not arrive as it is is refused, and so is a program that would be searched for', async () => {
  for (const word of ['a\0b', 'a\nb', '\u001b[2J', '\ud800', 'x'.repeat(131_072)]) {
    await assert.rejects(run('/usr/bin/true', [word]), FormError)
    assert.throws(() => operands([word]), FormError)
    await assert.rejects(run('/usr/bin/true', [{ words: [word] }]), FormError) // made without operands()
  }
  for (const file of [
    'true',
    './true',
    '',
    '/usr/bin/../bin/true',
    '/usr/bin/',
    'bin/true',
    '/usr//bin/true',
  ]) {
    await assert.rejects(run(file, []), { code: 'COMMAND_INVALID' }, file)
  }
  assert.throws(() => argumentList([operands(['a']), 'b'] as never), CommandError)
  for (const options of [
    { cwd: 'x' },
    { timeoutMs: 0 },
    { timeoutMs: Number.NaN },
    { timeoutMs: Infinity },
    { maxOutputBytes: -1 },
    { environment: { 'A=B': 'x' } },
    { environment: { A: 'x\0y' } },
  ]) {
    await assert.rejects(
      run('/usr/bin/true', [], options),
      { code: 'COMMAND_INVALID' },
      JSON.stringify(options),
    )
  }
})

test('a program that is not there, or is none, is an error with a way out', async (t) => {
  const here = directory(t)
  const file = join(here, 'not-executable')
  writeFileSync(file, 'x')
  for (const program of ['/nowhere/program', file, here]) {
    await assert.rejects(
      run(program, []),
      (error) => error instanceof CommandError && error.code === 'COMMAND_UNSTARTABLE' && error.fix !== '',
    )
  }
})

test('the child gets the environment and directory that were named, and nothing else', async (t) => {
  const here = directory(t)
  const show = [
    '-e',
    'process.stdout.write(JSON.stringify([process.env, process.cwd(), require("fs").readdirSync("/proc/self/fd").length]))',
  ]
  const read = async (options: Parameters<typeof run>[2]) =>
    JSON.parse((await run(NODE, show, options)).stdout.toString())
  const [clean, root, few] = await read({})
  assert.deepEqual(clean, { PATH: '/usr/bin:/bin', LANG: 'C.UTF-8' })
  assert.equal(root, '/')
  const [named, cwd, same] = await read({ environment: { ONE: 'two\nthree' }, cwd: here })
  assert.deepEqual([named, cwd, same], [{ ONE: 'two\nthree' }, here, few])
})

test('input reaches the child, whether it reads it or not', async () => {
  const echoed = await run('/bin/cat', [], { input: 'some\0bytes' })
  assert.equal(echoed.stdout.toString(), 'some\0bytes')
  const ignored = await run('/usr/bin/true', [], { input: Buffer.alloc(8 * 1024 * 1024) })
  assert.equal(ignored.code, 0)
  assert.equal((await run('/bin/cat', [])).stdout.length, 0)
})

test('codes and signals come back, on stderr too', async () => {
  const failed = await run(NODE, ['-e', 'console.error("bad"); process.exit(7)'])
  assert.deepEqual(
    [failed.reason, failed.code, failed.stderr.toString(), failed.stdout.length],
    ['exited', 7, 'bad\n', 0],
  )
  const killed = await run(NODE, ['-e', 'process.kill(process.pid, "SIGTERM"); setInterval(() => {}, 1000)'])
  assert.deepEqual([killed.reason, killed.signal, killed.code], ['signal', 'SIGTERM', undefined])
})

/** A program that starts another which ignores SIGTERM, writes both numbers down, and goes on as told. */
const FAMILY = `
  const { spawn } = require('child_process')
  const { writeFileSync, renameSync } = require('fs')
  const [path, then] = process.argv.slice(2)
  process.on('SIGTERM', () => {})
  const child = spawn(process.execPath, ['-e', 'process.on("SIGTERM", () => {}); setInterval(() => {}, 1000); console.log("up")'], { stdio: ['ignore', 'pipe', 'inherit'] })
  child.stdout.once('data', () => {
    writeFileSync(path + '.new', process.pid + ' ' + child.pid)
    renameSync(path + '.new', path)
    if (then === 'leave') process.exit(0)
    if (then === 'flood') { const part = 'x'.repeat(65536); const more = () => process.stdout.write(part, more); more() }
  })
  setInterval(() => {}, 1000)
`

function family(t: TestContext): { script: string; path: string } {
  const here = directory(t)
  const script = join(here, 'family.cjs')
  writeFileSync(script, FAMILY)
  return { script, path: join(here, 'pids') }
}

const LONGEST_MS = 60_000

async function until(isSo: () => boolean, what: string): Promise<void> {
  const end = performance.now() + LONGEST_MS
  while (!isSo()) {
    if (performance.now() > end) assert.fail(`it never came so far: ${what}`)
    await sleep(10)
  }
}

async function whole(path: string): Promise<number[]> {
  await until(() => existsSync(path), `${path} is there`)
  return readFileSync(path, 'utf8').split(' ').map(Number)
}

/** Waits until each is gone, or a corpse nobody has buried yet. */
async function gone(pids: readonly number[]): Promise<void> {
  const isAlive = (pid: number) => {
    try {
      return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
    } catch {
      return false
    }
  }
  await until(() => !pids.some(isAlive), `${pids.join(', ')} ended`)
}

test('when time is up, all of it is killed, deaf to other signals or not', async (t) => {
  const { script, path } = family(t)
  const abort = new AbortController()
  const running = run(NODE, [script, path, 'wait'], { timeoutMs: 60_000, abort: abort.signal })
  const pids = await whole(path)
  abort.abort()
  assert.equal((await running).reason, 'aborted')
  await gone(pids)
  const { reason, code } = await run('/bin/sleep', ['600'], { timeoutMs: 50 })
  assert.deepEqual([reason, code], ['timeout', undefined])
  const never = await run('/bin/sleep', ['600'], { abort: AbortSignal.abort() })
  assert.equal(never.reason, 'aborted')
})

test('a flood is cut at the limit, and all of it is killed', async (t) => {
  const { script, path } = family(t)
  const { reason, stdout } = await run(NODE, [script, path, 'flood'], { maxOutputBytes: 100_000 })
  assert.equal(reason, 'output')
  assert.equal(stdout.length, 100_000)
  await gone(await whole(path))
  const exact = await run('/usr/bin/printf', ['%s', 'x'.repeat(1000)], { maxOutputBytes: 1000 })
  assert.deepEqual([exact.reason, exact.stdout.length], ['exited', 1000])
})

test('what a program leaves behind in its group ends with it', async (t) => {
  const { script, path } = family(t)
  const { reason, code } = await run(NODE, [script, path, 'leave'], { timeoutMs: 60_000 })
  assert.deepEqual([reason, code], ['exited', 0])
  await gone(await whole(path))
})

test('who leaves the group and keeps the pipes does not hold the caller', async (t) => {
  const path = join(directory(t), 'pid')
  const script = join(directory(t), 'leave.sh')
  writeFileSync(
    script,
    `#!/bin/sh\nsetsid /bin/sh -c 'echo $$ > ${path}.new; mv ${path}.new ${path}; exec sleep 600' &\nwhile [ ! -e ${path} ]; do sleep 0.05; done\n`,
  )
  chmodSync(script, 0o755)
  const { reason } = await run(script, [], { timeoutMs: 60_000 })
  const [pid = 0] = await whole(path)
  process.kill(pid, 'SIGKILL') // the sandbox would have; a process group cannot
  assert.equal(reason, 'exited')
  await gone([pid])
})
