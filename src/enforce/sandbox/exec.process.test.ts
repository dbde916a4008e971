import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { buffer } from 'node:stream/consumers'
import { test } from 'node:test'
import { newId } from '../../core/id.ts'
import { SandboxError } from './errors.ts'
import { driver, finished, sh, site } from './exec.test-kit.ts'

test('a command in a running sandbox has its own streams, exit code, directory and file mode', async (t) => {
  const at = await site(t, 'resident-exec')
  if (at === undefined) return
  const run = await at.resident()
  const { out, err, exit } = await sh(run, 'cat; echo told >&2; pwd; exit 7', 'given\n')
  assert.deepEqual([out, err, exit.code, exit.reason], [`given\n${at.workspace}\n`, 'told\n', 7, 'exited'])
  const there = await finished(run, {
    argv: ['sh', '-c', 'pwd; umask; : > /tmp/made'],
    cwd: '/usr',
    umask: 0o077,
  })
  assert.equal(there.out, '/usr\n0077\n')
  const missing = finished(run, { argv: ['/usr/bin/no-such-program'] })
  await assert.rejects(
    missing,
    (error) => error instanceof SandboxError && error.code === 'SANDBOX_COMMAND_MISSING',
  )
  await assert.rejects(
    finished(run, { argv: ['sh'], cwd: '/no/such/place' }),
    /entering its directory: no such file/,
  )
  await assert.rejects(finished(run, { argv: ['sh', 'a\0b'] }), /NUL/)
})

test('its environment is the sandbox’s, with what it was given besides', async (t) => {
  const at = await site(t, 'resident-exec')
  if (at === undefined) return
  const run = await at.resident()
  const plain = await finished(run, { argv: ['/usr/bin/env'] })
  const more = await finished(run, { argv: ['/usr/bin/env'], env: { EXTRA: 'a = b' } })
  const sorted = (text: string) => text.trimEnd().split('\n').sort()
  assert.deepEqual(
    sorted(plain.out),
    Object.entries(at.spec('').env)
      .map((pair) => pair.join('='))
      .sort(),
  )
  assert.deepEqual(sorted(more.out), [...sorted(plain.out), 'EXTRA=a = b'].sort())
})

test('filter, limits, capabilities and descriptors are those of the first command', async (t) => {
  const at = await site(t, 'resident-exec')
  if (at === undefined) return
  const look =
    'grep -E "^Max (core|open|file|proc)" /proc/self/limits; grep -E "^(Seccomp|Cap|NoNewPrivs|SigBlk|SigIgn)" /proc/self/status; ls /proc/self/fd; readlink /proc/self/ns/*'
  const first = await driver.start(at.spec(look), { runId: newId(), agent: 'tester' })
  first.stdin.end()
  first.stderr.resume()
  const [said] = await Promise.all([buffer(first.stdout), first.exit])
  const run = await at.resident()
  const { out } = await sh(run, look)
  const withoutNumbers = (text: string) => text.replaceAll(/\[\d+\]/g, '')
  const { openFiles, fileBytes } = at.spec('').limits
  assert.match(out, new RegExp(`^Max open files +${openFiles} +${openFiles} `, 'm'))
  assert.match(out, new RegExp(`^Max file size +${fileBytes} +${fileBytes} `, 'm'))
  assert.match(out, /^Max core file size +0 +0 /m)
  assert.match(out, /Seccomp:\s*2/)
  assert.equal(withoutNumbers(out), withoutNumbers(String(said)))
  const filtered = await sh(run, ': > /tmp/s; chmod u+s /tmp/s')
  assert.notEqual(filtered.exit.code, 0)
})

test('a profile that forbids processes forbids them to the first command and to every other', async (t) => {
  const at = await site(t, 'resident-exec')
  if (at === undefined) return
  const spec = { ...at.spec('read line; (:) && echo FORKED; echo "$line"'), noFork: true }
  const run = await driver.start(spec, { runId: newId(), agent: 'tester' })
  t.after(() => run.kill())
  run.stderr.resume()
  assert.equal((await sh(run, '(:) 2>/dev/null && echo FORKED')).out, '')
  run.stdin.end('told\n')
  assert.doesNotMatch(String(await buffer(run.stdout)), /FORKED/)
})

test('signals reach it, and its end by one is told as such', async (t) => {
  const at = await site(t, 'resident-exec')
  if (at === undefined) return
  const run = await at.resident()
  const trap = await run.exec!({
    argv: ['/bin/sh', '-c', 'trap "echo heard; exit 3" USR1; echo ready; while :; do sleep 0.05; done'],
  })
  await new Promise((done) => trap.stdout.once('data', done))
  const rest = buffer(trap.stdout)
  trap.signal('SIGUSR1')
  assert.equal((await trap.exit).code, 3)
  assert.equal(String(await rest), 'heard\n')
  const other = await run.exec!({ argv: ['/usr/bin/sleep', '60'] })
  other.signal('SIGTERM')
  assert.equal((await other.exit).signal, 'SIGTERM')
})

test('a terminal of its own has the size it was given, tells of a new one, and Ctrl-C interrupts', async (t) => {
  const at = await site(t, 'resident-exec')
  if (at === undefined) return
  const run = await at.resident()
  const script =
    'test -t 0 && test -t 1 && test -t 2 && tty; stty size; trap "stty size" WINCH; trap "echo broken; exit 9" INT; echo ready; while :; do sleep 0.05; done'
  const command = await run.exec!({ argv: ['/bin/sh', '-c', script], terminal: { columns: 91, rows: 17 } })
  let screen = ''
  command.stdout.on('data', (chunk: Buffer) => (screen += String(chunk)))
  const shows = async (wanted: RegExp) => {
    while (!wanted.test(screen)) await new Promise((done) => command.stdout.once('data', done))
  }
  await shows(/\/dev\/pts\/\d+\r\n17 91\r\nready/)
  command.resize({ columns: 40, rows: 12 })
  await shows(/12 40/)
  command.stdin.write('\u0003')
  assert.equal((await command.exit).code, 9, screen)
  const reader = await run.exec!({ argv: ['/usr/bin/cat'], terminal: { columns: 80, rows: 24 } })
  const seen = buffer(reader.stdout)
  reader.stdin.end('typed\n')
  assert.equal((await reader.exit).code, 0)
  assert.equal(String(await seen), 'typed\r\ntyped\r\n')
})

test('what goes through is what came in, however much, and both ways at once', async (t) => {
  const at = await site(t, 'resident-exec')
  if (at === undefined) return
  const run = await at.resident()
  const bytes = randomBytes(3 * 1024 * 1024 + 17)
  const command = await run.exec!({ argv: ['/usr/bin/cat'] })
  command.stdin.end(bytes)
  const back = await buffer(command.stdout)
  assert.ok(back.equals(bytes))
  assert.equal((await command.exit).code, 0)
  const early = await finished(run, { argv: ['/usr/bin/head', '-c', '1'] }, 'x'.repeat(1024 * 1024))
  assert.deepEqual([early.out, early.exit.code], ['x', 0])
})

test('a flood nobody reads waits inside: others go on, and memory does not grow', async (t) => {
  const at = await site(t, 'resident-exec')
  if (at === undefined) return
  const run = await at.resident()
  const floods = await Promise.all(
    Array.from({ length: 8 }, () => run.exec!({ argv: ['/usr/bin/cat', '/dev/zero'] })),
  )
  const residentKiB = () =>
    Number(/^VmRSS:\s*(\d+)/m.exec(readFileSync(`/proc/${run.init.pid}/status`, 'utf8'))?.[1])
  for (let i = 0; i < 20; i += 1) assert.equal((await sh(run, 'echo still here')).out, 'still here\n')
  const waiting = floods.map(({ stdout }) => stdout.readableLength)
  assert.ok(Math.max(...waiting) <= 512 * 1024, `${Math.max(...waiting)} bytes wait here`)
  assert.ok(residentKiB() < 4096, `process 1 holds ${residentKiB()} KiB`)
  for (const flood of floods) flood.kill()
  for (const flood of floods) assert.equal((await flood.exit).signal, 'SIGKILL')
})

test('limits of one command end it and what it started, and nothing else', async (t) => {
  const at = await site(t, 'resident-exec')
  if (at === undefined) return
  const run = await at.resident()
  const late = await finished(run, { argv: ['/bin/sh', '-c', 'sleep 60 & sleep 60'], wallMs: 50 })
  assert.deepEqual([late.exit.reason, late.exit.signal], ['timeout', 'SIGKILL'])
  const much = await finished(run, { argv: ['/usr/bin/yes'], maxOutputBytes: 1000 })
  assert.equal(much.exit.reason, 'output')
  assert.equal(much.out.length, 1000)
  assert.equal((await sh(run, 'echo on')).out, 'on\n')
})

test('sixty-four commands at once are answered, the next one is refused, and places come free again', async (t) => {
  const at = await site(t, 'resident-exec')
  if (at === undefined) return
  const run = await at.resident()
  const sleepers = await Promise.all(
    Array.from({ length: 63 }, () => run.exec!({ argv: ['/usr/bin/sleep', '60'] })),
  )
  await assert.rejects(run.exec!({ argv: ['/usr/bin/true'] }), /as many commands as there may be/)
  for (const sleeper of sleepers) sleeper.kill()
  await Promise.all(sleepers.map(({ exit }) => exit))
  assert.equal((await sh(run, 'echo free')).out, 'free\n')
})
