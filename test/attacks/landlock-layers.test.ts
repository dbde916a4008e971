import assert from 'node:assert/strict'
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, openSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { landlockCallNumber } from '../../src/enforce/sandbox/landlock-calls.ts'
import { encodeOrders } from '../../src/enforce/sandbox/landlock-orders.ts'
import { handledBy } from '../../src/enforce/sandbox/landlock-rules.ts'
import { KeeperReports } from '../../src/enforce/sandbox/landlock-run.ts'
import {
  createBubblewrapDriver,
  createDriverChoice,
  createLandlockDriver,
  specDigest,
} from '../../src/enforce/sandbox/index.ts'
import { encode, ownArchitecture } from '../../src/enforce/sandbox/seccomp.ts'
import { openNative } from '../../src/platform/native.ts'
import { needs } from '../kit/box.ts'
import { AGENT, landlock, LAUNCHER, outsider, runIn, site, type Site } from '../kit/landlock.ts'

// Landlock by itself, without the filters that stand above it: which version shuts what. So that the second wall is
// known to stand where the first one is not there, and that what is told of old versions is true.

const PERL = '/usr/bin/perl'
const O_PATH = 0o10000000
const TRUNCATE = 1n << 14n
const IOCTL_DEV = 1n << 15n
const architecture = ownArchitecture()
const truncate = (architecture && landlockCallNumber('truncate', architecture)) ?? -1

/** What is open below a version of Landlock, and shut from it on. */
const SINCE: Readonly<Record<string, readonly [number, string]>> = {
  'cut a file short that may be written to': [3, `syscall(${truncate}, "$w/cut", 0) == 0`],
  'connect to a TCP port': [
    4,
    'socket(S, AF_INET, SOCK_STREAM, 0) && connect(S, pack_sockaddr_in($port, INADDR_LOOPBACK))',
  ],
  'take a TCP port': [
    4,
    'socket(S, AF_INET, SOCK_STREAM, 0) && bind(S, pack_sockaddr_in(0, INADDR_LOOPBACK))',
  ],
  'ask a device': [5, 'open(F, "+<", "/dev/ptmx") && do { my $n = "\\0" x 4; ioctl(F, 0x80045430, $n) }'],
  'signal a process outside': [6, 'kill(0, $v)'],
  'connect to an abstract socket': [
    6,
    'socket(S, AF_UNIX, SOCK_STREAM, 0) && connect(S, pack_sockaddr_un("\\0$abstract"))',
  ],
}

interface Reach {
  readonly port: number
  readonly abstract: string
  readonly victim: number
}

/** The launcher with filters that let everything through, and a rule that gives the whole tree. */
async function alone(at: Site, abi: number, script: string): Promise<string> {
  const handled = handledBy(abi)
  const allow = at.put(join(at.root, 'allow'), '')
  writeFileSync(allow, encode([{ code: 0x06, jt: 0, jf: 0, k: 0x7fff_0000 }]))
  const orders = encodeOrders({
    handled,
    ...{ ...AGENT, umask: 0o022, terminal: false, openFiles: 64, fileBytes: 2 ** 30 },
    ...{ cwd: 7, baseFilter: 5, ownFilter: 6, trees: [], env: {} },
    rules: [{ fd: 8, access: handled.fs & ~TRUNCATE & ~IOCTL_DEV }],
    argv: [PERL, '-e', script],
  })
  const files = [at.put(join(at.root, 'orders'), orders), allow, allow].map((path) => openSync(path, 'r'))
  const places = [at.workspace, '/'].map((path) => openSync(path, O_PATH))
  const [ordersFd = -1, ...filters] = files
  const child = spawn(LAUNCHER, [], {
    stdio: ['ignore', 'pipe', 'inherit', ordersFd, 'pipe', ...filters, ...places],
  })
  for (const fd of [...files, ...places]) closeSync(fd)
  const reports = new KeeperReports((child.stdio as readonly unknown[])[4] as Duplex)
  const report = await reports.last('ready', 'error')
  assert.equal(report?.type, 'ready', JSON.stringify(report))
  reports.order('g')
  return text(child.stdout!)
}

async function reachable(t: { after(end: () => void): void }, at: Site): Promise<Reach> {
  const abstract = `warder-layer-${process.pid}-${at.root}`
  const listener: ChildProcess = outsider(
    [
      PERL,
      '-e',
      `use Socket; $| = 1; socket(T, AF_INET, SOCK_STREAM, 0); bind(T, pack_sockaddr_in(0, INADDR_LOOPBACK)); listen(T, 9);
       socket(U, AF_UNIX, SOCK_STREAM, 0); bind(U, pack_sockaddr_un("\\0${abstract}")); listen(U, 9);
       my ($port) = unpack_sockaddr_in(getsockname(T)); print "$port\\n"; <STDIN>`,
    ],
    at.outside,
  )
  t.after(() => void listener.stdin?.end())
  const port = await new Promise<number>((done) =>
    listener.stdout?.once('data', (bytes) => done(Number(bytes))),
  )
  return { port, abstract, victim: listener.pid ?? 0 }
}

test('each version of Landlock shuts what is said of it, by itself', async (t) => {
  if (!needs(t, PERL) || !needs(t, LAUNCHER) || (await landlock(t)) === undefined) return
  for (const abi of [1, 2, 3, 4, 5, 6, 7]) {
    await t.test(`version ${abi}`, async (sub) => {
      const at = site(sub)
      at.put(join(at.workspace, 'cut'))
      const { port, abstract, victim } = await reachable(sub, at)
      const tries = Object.entries(SINCE).map(
        ([name, [, code]]) => `print((eval { ${code} }) ? "${name}\\n" : "");`,
      )
      const script = `use Socket; our ($w, $port, $v, $abstract) = ('${at.workspace}', ${port}, ${victim}, '${abstract}'); ${tries.join(' ')}`
      const open = (await alone(at, abi, script)).trimEnd().split('\n')
      const expected = Object.entries(SINCE).filter(([, [since]]) => abi < since)
      assert.deepEqual(
        open.filter(Boolean),
        expected.map(([name]) => name),
      )
    })
  }
})

/** A generator with a seed, so that what was found once is found again. */
function* randoms(seed: number): Generator<number> {
  for (let x = seed; ;) {
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    yield x >>> 0
  }
}

function mangled(orders: Buffer, random: () => number): Buffer {
  const bytes = Buffer.from(orders)
  for (let i = random() % 6; i >= 0; i -= 1) bytes[random() % bytes.length] = random()
  const from = random() % bytes.length
  const cut = [bytes, bytes.subarray(0, from), Buffer.concat([bytes, bytes.subarray(from)]), Buffer.alloc(0)]
  return cut[[0, 0, 0, 1, 1, 2, 2, 3][random() % 8] ?? 0] ?? bytes
}

test('mangled orders never make the launcher read what is not there, nor begin anything', async (t) => {
  if (!needs(t, '/usr/bin/gcc')) return
  const at = site(t)
  const program = join(at.root, 'confine')
  const sources = ['confine.c', 'state.c'].map(
    (name) => new URL(`../../native/${name}`, import.meta.url).pathname,
  )
  const flags = ['-std=c11', '-g', '-O1', '-fsanitize=address,undefined', '-fno-sanitize-recover=all']
  const built = spawnSync('/usr/bin/gcc', [...flags, '-o', program, ...sources])
  if (built.status !== 0) return t.skip('there is no sanitizer here: NOT fuzzed')
  const mark = join(at.workspace, 'ran')
  const good = encodeOrders({
    handled: handledBy(1),
    ...{ ...AGENT, umask: 0o022, terminal: false, openFiles: 64, fileBytes: 2 ** 30 },
    ...{
      cwd: 7,
      baseFilter: 5,
      ownFilter: 6,
      trees: ['/w'],
      env: { A: 'b' },
      rules: [{ fd: 8, access: 4n }],
    },
    argv: ['/bin/sh', '-c', `echo > ${mark}`],
  })
  const seed = Number(process.env['WARDER_FUZZ_SEED'] ?? 20_261)
  const numbers = randoms(seed)
  const random = () => Number(numbers.next().value)
  for (let round = 0; round < 200; round += 1) {
    const file = at.put(join(at.root, 'orders'), '')
    writeFileSync(file, mangled(Buffer.from(good), random))
    const orders = openSync(file, 'r')
    // its supervisor is gone from the start: whatever it makes of the orders, it ends by itself
    const child = spawn(program, [], { stdio: ['ignore', 'ignore', 'pipe', orders, 'ignore'] })
    closeSync(orders)
    const said = await text(child.stderr!)
    const { signalCode, exitCode } = child.exitCode === null ? await ended(child) : child
    assert.equal(signalCode, null, `seed ${seed}, round ${round}: ${said}`)
    assert.doesNotMatch(said, /Sanitizer|runtime error/, `seed ${seed}, round ${round}, exit ${exitCode}`)
  }
  assert.equal(existsSync(mark), false)
})

async function ended(child: ChildProcess): Promise<ChildProcess> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  return child
}

const HIDDEN = '/nonexistent/bwrap'

test('with bubblewrap hidden a profile that asks for everything is refused, and told why and what to do', async (t) => {
  const at = site(t)
  const native = openNative()
  const drivers = createDriverChoice([
    createBubblewrapDriver({ native, bwrap: HIDDEN }),
    createLandlockDriver({ native }),
  ])
  const spec = at.spec(['/bin/sh', '-c', 'echo > ran'], { profile: { minimum_level: 'full' } })
  await assert.rejects(runIn(drivers, spec), (error: Error & { code?: string; fix?: string }) => {
    assert.equal(error.code, 'SANDBOX_UNENFORCEABLE')
    assert.match(
      error.message,
      /asks for level full.*bubblewrap \(level none\): .*is not there.*landlock \(level \w+\): /,
    )
    assert.match(error.fix ?? '', /apt install bubblewrap/)
    return true
  })
  assert.equal(existsSync(join(at.workspace, 'ran')), false)
})

test('with bubblewrap hidden a profile that allows it falls back, and says so', async (t) => {
  if ((await landlock(t)) === undefined) return
  const at = site(t)
  const native = openNative()
  const drivers = createDriverChoice([
    createBubblewrapDriver({ native, bwrap: HIDDEN }),
    createLandlockDriver({ native }),
  ])
  const spec = at.spec(['/bin/sh', '-c', 'echo ran'])
  const choice = await drivers.choose(spec)
  assert.equal(choice.level, 'landlock')
  assert.match(
    choice.notes.join('\n'),
    /^kept in by landlock, level landlock\nnot by bubblewrap: .*is not there/,
  )
  assert.match(choice.notEnforced.join('\n'), /namespaces: [\s\S]*protected-names: /)
  assert.equal((await runIn(drivers, spec)).stdout, 'ran\n')
  // what the level loses by its nature cannot be required of it
  const stricter = { ...spec, requires: [...spec.requires, 'protected-names' as const] }
  await assert.rejects(
    runIn(drivers, { ...stricter, digest: specDigest(stricter) }),
    /protected-names is not in force/,
  )
})

test('with neither, nothing starts', async (t) => {
  const at = site(t)
  const native = openNative()
  const drivers = createDriverChoice([
    createBubblewrapDriver({ native, bwrap: HIDDEN }),
    createLandlockDriver({ native, programs: { missing: 'it was not built', fix: 'build it' } }),
  ])
  const spec = at.spec(['/bin/sh', '-c', 'echo > ran'])
  await assert.rejects(runIn(drivers, spec), { code: 'SANDBOX_UNENFORCEABLE', message: /it was not built/ })
  assert.equal(existsSync(join(at.workspace, 'ran')), false)
})
