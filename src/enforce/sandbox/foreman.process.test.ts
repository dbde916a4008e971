import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { closeSync, existsSync, openSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { Socket } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test, type TestContext } from 'node:test'
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import { newId } from '../../core/id.ts'
import { isNative, openNative, type Native } from '../../platform/native.ts'
import { createBubblewrapDriver } from './bubblewrap-driver.ts'
import { driver, processesWith, site } from './exec.test-kit.ts'
import { Foreman, type StartAs } from './foreman.ts'
import { findNativePrograms, nativeDirectory } from './native-programs.ts'
import { isAlive } from './processes.ts'

/** Builders killed in the middle of their work; for a long run: WARDER_KILLED_BUILDERS=2000. */
const KILLED = Number(process.env['WARDER_KILLED_BUILDERS'] ?? 60)
/** Longer than a build takes on an idle machine. */
const BUILD_US = 12_000

function childrenOf(pid: number): number[] {
  const found = processesOf(pid)
  return found.split(' ').filter(Boolean).map(Number)
}

function processesOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
  } catch {
    return '' // it has ended
  }
}

/** Whoever else has something open below a directory: what is half built does, and has no other mark of its own. */
function holders(directory: string): string[] {
  const isHolding = (pid: string) => {
    try {
      const fds = readdirSync(`/proc/${pid}/fd`)
      return fds.some((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`).startsWith(directory))
    } catch {
      return false // it has ended, or is somebody else's
    }
  }
  return readdirSync('/proc').filter(
    (name) => /^\d+$/.test(name) && Number(name) !== process.pid && isHolding(name),
  )
}

function spin(microseconds: number): void {
  const until = performance.now() + microseconds / 1000
  while (performance.now() < until);
}

/** Every third time the worst one: it has just made the sandbox's first process, which waits for it. */
function untilSomeMoment(builder: number, round: number): void {
  if (round % 3 > 0) return spin(randomInt(round % 3 === 1 ? BUILD_US : BUILD_US / 4))
  while (childrenOf(builder).length === 0 && existsSync(`/proc/${builder}/fd/0`));
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // it had ended already
  }
}

test(`of ${KILLED} starts whose builder is killed at any moment nothing is left`, async (t) => {
  const at = await site(t, 'resident-exec')
  if (at === undefined) return
  await (await at.resident()).kill()
  const [foreman] = processesWith('--foreman', process.pid)
  assert.ok(foreman !== undefined)
  for (let i = 0; i < KILLED; i += 1) {
    const starting = driver
      .start(at.spec('sleep 60'), { runId: newId(), agent: 'tester' })
      .then((run) => run.exit)
      .catch(() => undefined)
    for (;;) {
      const [builder] = childrenOf(foreman)
      if (builder === undefined) {
        await nextTurn()
        continue
      }
      untilSomeMoment(builder, i)
      kill(builder)
      break
    }
    await starting
    while (childrenOf(foreman).length > 0) await sleep(1)
  }
  while (holders(at.workspace).length > 0) await sleep(10) // the limit of the test's own time is the deadline
  assert.deepEqual(processesWith('--foreman', process.pid), [foreman])
})

test('when the one who starts builders is killed, its sandboxes end, and the next start finds another', async (t) => {
  const at = await site(t, 'resident-exec')
  if (at === undefined) return
  const own = createBubblewrapDriver({ native: openNative() })
  const before = processesWith('--foreman', process.pid)
  const start = () => own.start(at.spec('read line'), { runId: newId(), agent: 'tester' })
  const run = await start()
  const [foreman] = processesWith('--foreman', process.pid).filter((pid) => !before.includes(pid))
  kill(foreman ?? 0)
  const { reason, note } = await run.exit
  assert.deepEqual([reason, note], ['killed', 'the launcher of its sandbox ended'])
  assert.ok(!isAlive(run.init))
  const next = await start()
  next.stdin.end('go on\n')
  assert.equal((await next.exit).code, 0)
})

interface Hands {
  readonly native: Native
  /** Runs a program through it, with its output and errors in pipes and `more` behind them. */
  run(program: readonly string[], as?: StartAs, more?: readonly number[]): Promise<string>
}

function hands(t: TestContext): Hands | undefined {
  const native = openNative()
  const programs = findNativePrograms()
  if (!isNative(native) || 'missing' in programs) {
    t.skip('the native programs were not built: NOT tried')
    return undefined
  }
  const foreman = new Foreman(native, programs)
  t.after(() => foreman.close())
  const nothing = openSync('/dev/null', 'r')
  t.after(() => closeSync(nothing))
  const run: Hands['run'] = async (program, as = { umask: 0o22 }, more = []) => {
    const { read, write } = native.pipe()
    const said = text(new Socket({ fd: read, readable: true, writable: false }))
    const fds = [nothing, write, write, ...more]
    const builder = await foreman.start(['launcher', '--keep', `${fds.length}`, '--', ...program], fds, as)
    closeSync(write)
    await builder.begun
    assert.ok(builder.pid > 1)
    await builder.over
    assert.ok(builder.isOver)
    return said
  }
  return { native, run }
}

test('more descriptors than the kernel hands over at once all arrive, in order, and nothing besides', async (t) => {
  const at = hands(t)
  if (at === undefined) return
  const few = openSync('/dev/zero', 'r')
  const last = openSync('/etc/passwd', 'r')
  t.after(() => [few, last].forEach(closeSync))
  const more = [...Array.from({ length: 600 }, () => few), last]
  const script = 'readlink /proc/self/fd/3 /proc/self/fd/602 /proc/self/fd/603; ls /proc/$$/fd | wc -l'
  assert.equal(
    await at.run(['/bin/sh', '-c', script], undefined, more),
    '/dev/zero\n/dev/zero\n/etc/passwd\n604\n',
  )
})

test('a builder has the umask, directory, signals and no environment but its own', async (t) => {
  const at = hands(t)
  if (at === undefined) return
  const script = 'umask; pwd; grep -E "Sig(Blk|Ign)" /proc/self/status; tr "\\0" "\\n" < /proc/$$/environ'
  assert.match(
    await at.run(['/bin/sh', '-c', script], { umask: 0o27 }),
    /^0027\n\/\nSigBlk:\t0+\nSigIgn:\t0+\n$/,
  )
})

test('a builder started as somebody else keeps nothing of root', async (t) => {
  const at = hands(t)
  if (at === undefined) return
  if (process.getuid?.() !== 0) return t.skip('only root can be somebody else: NOT tried')
  const as = { umask: 0o22, user: { uid: 65534, gid: 65534 } }
  const seen = await at.run(
    ['/usr/bin/grep', '-E', '^(Uid|Gid|Groups|Cap(Prm|Eff)):', '/proc/self/status'],
    as,
  )
  assert.match(seen, /^Uid:(\t65534){4}\nGid:(\t65534){4}\nGroups:\t *\nCapPrm:\t0+\nCapEff:\t0+\n$/)
})

test('what cannot be begun is told, by the builder or for it', async (t) => {
  const at = hands(t)
  if (at === undefined) return
  assert.match(await at.run(['/no/such/program']), /^warder-launcher: \/no\/such\/program: No such file/)
  const foreman = new Foreman(
    at.native,
    findNativePrograms() as Exclude<ReturnType<typeof findNativePrograms>, { missing: string }>,
  )
  t.after(() => foreman.close())
  const builder = await foreman.start(['launcher'], [], { umask: 0 })
  await assert.rejects(builder.begun, /could not start a builder \(error 22\)/)
  assert.ok(builder.isOver)
  foreman.close()
  await assert.rejects(foreman.start(['launcher'], [0, 1, 2], { umask: 0 }), /launcher of sandboxes ended/)
})

test('it ends with the other end of its socket, and at the first word it does not know', async (t) => {
  const launcher = join(nativeDirectory(), 'launcher')
  if (!existsSync(launcher)) return t.skip('the native programs were not built: NOT tried')
  for (const word of [undefined, Buffer.alloc(12, 9), Buffer.alloc(11)]) {
    const child = spawn(launcher, ['--foreman', '3'], { stdio: ['ignore', 'ignore', 'inherit', 'pipe'] })
    t.after(() => child.kill('SIGKILL'))
    const gone = once(child, 'exit')
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      // asked to end before it listens it would: so not before it is seen to
      while (!ignores(child.pid ?? 0)) await sleep(1)
      child.kill(signal)
    }
    const socket = child.stdio[3] as Socket
    if (word === undefined) socket.destroy()
    else socket.write(word)
    assert.deepEqual(await gone, [0, null])
  }
})

function ignores(pid: number): boolean {
  const mask = /^SigIgn:\t([0-9a-f]+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '0'
  return (BigInt(`0x${mask}`) & (1n << 14n)) !== 0n // SIGTERM, set among the last
}
