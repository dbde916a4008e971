import assert from 'node:assert/strict'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { test } from 'node:test'
import { newId } from '../../core/id.ts'
import { openNative } from '../../platform/native.ts'
import { createBubblewrapDriver } from './bubblewrap-driver.ts'
import { SandboxError } from './errors.ts'
import { driver, finished, sh, site } from './exec.test-kit.ts'

test('while it stands still nothing begins, and afterwards everything goes on', async (t) => {
  const at = await site(t, 'resident-exec', 'fast-stop')
  if (at === undefined) return
  const run = await at.resident()
  const spinner = await run.exec!({
    argv: ['/bin/sh', '-c', 'i=0; while :; do i=$((i+1)); echo $i > /tmp/count; done'],
  })
  await run.freeze()
  await assert.rejects(sh(run, 'true'), /stands still/)
  const states = () => readFileSync(`/proc/${run.init.pid}/task/${run.init.pid}/stat`, 'latin1')
  assert.doesNotMatch(states(), /\) T /, 'process 1 itself listens')
  await run.thaw()
  const first = (await sh(run, 'cat /tmp/count')).out
  while ((await sh(run, 'cat /tmp/count')).out === first);
  spinner.kill()
})

test('a sandbox that ends takes its commands along, and each of them hears of it', async (t) => {
  const at = await site(t, 'resident-exec')
  if (at === undefined) return
  const run = await at.resident()
  const command = await run.exec!({ argv: ['/usr/bin/sleep', '60'] })
  const receipt = await run.kill('enough')
  assert.equal(receipt.processesAfter, 0)
  assert.ok(receipt.processesBefore >= 3)
  assert.equal((await command.exit).signal, 'SIGKILL')
  await assert.rejects(
    sh(run, 'true'),
    (error) => error instanceof SandboxError && error.code === 'SANDBOX_RUN_MISSING',
  )
})

test('without the native programs a sandbox runs as before, and a further command is refused with the reason', async (t) => {
  const at = await site(t)
  if (at === undefined) return
  const bare = createBubblewrapDriver({ native: openNative(), programs: join(at.root, 'nothing') })
  const run = await bare.start(at.spec('read line; echo "$line"'), { runId: newId(), agent: 'tester' })
  await assert.rejects(
    sh(run, 'true'),
    (error) =>
      error instanceof SandboxError &&
      error.code === 'SANDBOX_UNENFORCEABLE' &&
      /not built/.test(error.message),
  )
  run.stdin.end('as before\n')
  assert.equal(String(await buffer(run.stdout)), 'as before\n')
  const lost = (await bare.probe()).guarantees.filter(({ inForce }) => !inForce).map(({ name }) => name)
  assert.deepEqual(lost.filter((name) => ['resident-exec', 'fast-stop', 'overlay'].includes(name)).length, 3)
  await assert.rejects(
    bare.start({ ...at.spec('true'), requires: ['resident-exec'] }, { runId: newId(), agent: 'tester' }),
    /requires resident-exec/,
  )
})

test('an overlay takes every change, under names no option could hold', async (t) => {
  const at = await site(t, 'overlay')
  if (at === undefined) return
  const names = ['a,b:c\\d', 'upper,userxattr:x\\', 'work :,\\'].map((name) => join(at.root, name))
  for (const path of names) mkdirSync(path, 0o700)
  const [lower = '', upper = '', work = ''] = names
  writeFileSync(join(lower, 'old'), 'old')
  writeFileSync(join(lower, 'gone'), 'gone')
  const { dev, ino } = statSync(lower, { bigint: true })
  const overlay = { type: 'overlay', path: at.workspace, source: lower, upper, work, why: 'test' } as const
  const identity = { device: `${dev}`, inode: `${ino}`, kind: 'directory' } as const
  const spec = at.spec('cat old; echo new > new; echo more >> old; rm gone; ls')
  const mounts = spec.mounts.filter(({ path }) => !path.startsWith(at.workspace))
  const start = (changed: object = {}) =>
    driver.start(
      { ...spec, mounts: [...mounts, { ...overlay, identity, ...changed }] },
      { runId: newId(), agent: 'tester' },
    )
  const run = await start()
  run.stdin.end()
  assert.equal(String(await buffer(run.stdout)), 'oldnew\nold\n', String(await buffer(run.stderr)))
  assert.deepEqual(readdirSync(lower).sort(), ['gone', 'old'])
  assert.equal(readFileSync(join(lower, 'old'), 'utf8'), 'old')
  assert.deepEqual(readdirSync(upper).sort(), ['gone', 'new', 'old'])
  assert.ok(statSync(join(upper, 'gone')).isCharacterDevice())
  await run.exit
  chmodSync(join(work, 'work'), 0o700) // the kernel leaves it closed to everybody, the test's own cleaning up too
  await assert.rejects(start({ identity: { ...identity, inode: '1' } }), /is not what it was/)
  // the layer's own mode is the agent's to choose, for it shows inside; who could reach the layer is not
  chmodSync(dirname(upper), 0o777)
  await assert.rejects(start(), /is not what it was/)
})

test('what connects to the bridge reaches the socket bound inside, whole and both ways', async (t) => {
  const at = await site(t, 'resident-exec')
  if (at === undefined) return
  if (!existsSync('/usr/bin/perl')) return t.skip('there is no perl: NOT tried')
  const source = join(at.root, 'out.sock')
  // says back what it heard, once it has heard the end
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    const heard: Buffer[] = []
    socket.on('data', (chunk) => heard.push(chunk))
    socket.on('end', () => socket.end(Buffer.concat(heard)))
    socket.on('error', () => undefined)
  })
  await new Promise<void>((done) => server.listen(source, done))
  t.after(() => server.close())
  chmodSync(source, 0o777)
  chmodSync(at.root, 0o711)
  const spec = at.spec('read line')
  const socket = { type: 'bind', source, path: '/run/way-out', access: 'write', why: 'test' } as const
  const bridge = { port: 3128, socket: socket.path }
  const start = (using: typeof driver) =>
    using.start({ ...spec, mounts: [...spec.mounts, socket], bridge }, { runId: newId(), agent: 'tester' })
  const run = await start(driver)
  t.after(() => run.kill())
  const perl = `use IO::Socket::INET; my @s = map { IO::Socket::INET->new("127.0.0.1:3128") or die $@ } 1..20;
    for (@s) { syswrite $_, "x" x 300_000 or die; shutdown $_, 1 }
    for (@s) { local $/; my $back = <$_>; print length($back), "\\n" }
    print IO::Socket::INET->new("127.0.0.1:3129") ? "OPEN" : "closed";`
  const { out, err } = await finished(run, { argv: ['/usr/bin/perl', '-e', perl] })
  assert.equal(out, `${'300000\n'.repeat(20)}closed`, err)
  const bare = createBubblewrapDriver({ native: openNative(), programs: join(at.root, 'nothing') })
  await assert.rejects(start(bare), /the bridge to its way out needs the native programs/)
})

test('process 1 cannot be signalled, traced, read or spoken to from inside, and goes on listening', async (t) => {
  const at = await site(t, 'resident-exec')
  if (at === undefined) return
  const run = await at.resident()
  const tries = [
    'for s in KILL STOP TERM INT HUP USR1 CHLD SEGV; do kill -$s 1; done',
    'cat /proc/1/environ',
    'cat /proc/1/maps',
    'cat /proc/1/auxv',
    'head -c 1 /proc/1/mem',
    'cat /proc/1/exe',
    'ls /proc/1/root/',
    'ls /proc/1/cwd/',
    'for fd in 0 1 2 3 4 5 6 7 8 9; do cat /proc/1/fd/$fd & done; wait',
    'for fd in 0 1 2 3 4 5 6 7 8 9; do echo x > /proc/1/fd/$fd; done',
    'for fd in 0 1 2 3 4 5 6 7 8 9; do cat /proc/1/fdinfo/$fd; done',
    'readlink /proc/1/ns/pid',
    'echo 0 > /run/warder/init',
    'rm -f /run/warder/init && echo removed',
    'mv /run/warder/init /run/warder/other && echo moved',
    '/run/warder/init 3',
  ]
  for (const script of tries) {
    const { out } = await sh(run, `(${script}) 2>/dev/null`)
    assert.equal(out, '', script)
  }
  // the same looks at an ordinary process of theirs succeed, so it is process 1 that is closed
  const control = await sh(
    run,
    'sleep 60 >/dev/null 2>&1 & cd /proc/$! && cat environ maps >/tmp/seen && readlink fd/0 exe ns/pid | wc -l',
  )
  assert.equal(control.out.trim(), '3', control.err)
  await run.freeze()
  await run.thaw()
  assert.equal((await sh(run, 'echo listens')).out, 'listens\n')
})

test('whoever is orphaned inside is reaped, and no zombie stays', async (t) => {
  const at = await site(t, 'resident-exec')
  if (at === undefined) return
  const run = await at.resident()
  await sh(run, 'for i in 1 2 3 4 5 6 7 8 9; do (setsid true &) ; done')
  const zombies = () => sh(run, 'grep -l "^State:.Z" /proc/[0-9]*/status | wc -l')
  while ((await zombies()).out.trim() !== '0');
})
