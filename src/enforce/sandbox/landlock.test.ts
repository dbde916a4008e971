import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { assembleLandlock, ANSWERS, landlockProgram, landlockRules } from './landlock-filter.ts'
import { landlockCallNumber, type LandlockCall } from './landlock-calls.ts'
import { withoutNamespaces } from './landlock-limits.ts'
import { encodeOrders, parseReport, type Orders } from './landlock-orders.ts'
import { FILE_RIGHTS, handledBy, planLandlock, temporaryRights } from './landlock-rules.ts'
import { movedEnvironment, realPlace, type Temporary } from './landlock-temporary.ts'
import { whyNotConfined } from './landlock-verify.ts'
import { AUDIT_ARCH } from './syscalls.ts'
import { specDigest, type Mount, type SandboxSpec } from './spec.ts'
import type { Instruction } from './seccomp.ts'

const id = (kind: 'file' | 'directory' | 'socket') => ({ device: '1', inode: '2', kind }) as const
const bind = (
  path: string,
  access: 'read' | 'write',
  why = 'workspace',
  kind: 'file' | 'directory' | 'socket' = 'directory',
): Mount => ({
  ...{ type: 'bind', source: path, path, access, why },
  identity: id(kind),
})

function specOf(mounts: readonly Mount[], more: Partial<SandboxSpec> = {}): SandboxSpec {
  const spec = {
    ...{ version: 1 as const, profile: 'p', argv: ['/bin/true'], cwd: '/w', env: {} },
    ...{ host: { uid: 1000, gid: 1000 }, inside: { uid: 1000, gid: 1000, user: 'ada', home: '/home/ada' } },
    limits: { memoryBytes: 2 ** 30, processes: 1, openFiles: 1, fileBytes: 1, cpuPercent: 100 },
    ...{ mounts, noFork: false, seccompDigest: '', terminal: false, umask: 0o022, requires: [] },
    ...{ notEnforced: [], notes: [], ...more },
  }
  return { ...spec, digest: specDigest(spec) }
}

const WRITES = 0b1_0110_1111_0010n | (1n << 14n) // write, remove, make, truncate

test('only what the spec makes writable may be changed', () => {
  const spec = specOf([
    { type: 'bind', source: '/usr', path: '/usr', access: 'read', why: 'system' },
    bind('/w', 'write'),
    bind('/r', 'read'),
    { type: 'memory', path: '/tmp', sizeBytes: 1, mode: 0o1777, why: 'temporary' },
  ])
  const plan = planLandlock(spec, 7)
  const access = (path: string) => plan.rules.find((rule) => rule.path === path)?.access ?? 0n
  assert.equal(access('/usr') & WRITES, 0n)
  assert.equal(access('/r') & WRITES, 0n)
  assert.notEqual(access('/w') & WRITES, 0n)
  assert.deepEqual([plan.trees, plan.temporary], [['/w'], ['/tmp']])
  // /tmp is everybody's: the run gets a directory of its own in its stead
  assert.equal(
    plan.rules.some(({ path }) => path === '/tmp' || path === '/'),
    false,
  )
})

test('no version makes sockets or devices, and each handles no more than it knows', () => {
  const [SOCK, CHAR, BLOCK] = [1n << 9n, 1n << 6n, 1n << 11n]
  for (const abi of [1, 2, 3, 4, 5, 6, 7]) {
    const { fs, net, scoped, restrictFlags } = handledBy(abi)
    const known = { 1: 13n, 2: 14n, 3: 15n, 4: 15n }[abi] ?? 16n
    assert.equal(fs, abi === 1 ? (1n << 13n) - 1n : fs & ((1n << known) - 1n))
    assert.deepEqual([net, scoped, restrictFlags], [abi < 4 ? 0n : 3n, abi < 6 ? 0n : 3n, abi < 7 ? 0n : 2n])
    const rights = temporaryRights(handledBy(abi))
    assert.equal(rights & (SOCK | CHAR | BLOCK), 0n)
    for (const { access } of planLandlock(specOf([bind('/w', 'write')]), abi).rules) {
      assert.equal(access & ~fs, 0n, 'a right that is not handled is refused by the kernel')
      assert.equal(access & (SOCK | CHAR | BLOCK), 0n)
    }
  }
  assert.equal(FILE_RIGHTS & (1n << 3n), 0n)
})

test('what would have to be taken back inside a tree ends the start, unless it is a protected name', () => {
  const mask: Mount = { type: 'mask', path: '/w/x', kind: 'directory', absent: false, why: 'rule-7' }
  const cases: readonly Mount[] = [
    mask,
    { ...mask, absent: true },
    { ...mask, why: 'hard exclusion' },
    { ...mask, why: 'a socket of the host' }, // a directory is no socket
    { ...mask, why: 'protected name ' },
    bind('/w/x', 'read', 'rule-7'),
    { ...mask, path: '/r/x', why: 'hard exclusion' },
    {
      type: 'overlay',
      path: '/o',
      source: '/o',
      identity: id('directory'),
      upper: '/u',
      work: '/k',
      why: 'workspace',
    },
  ]
  for (const mount of cases)
    assert.throws(() => planLandlock(specOf([bind('/w', 'write'), bind('/r', 'read'), mount]), 7), {
      code: 'SANDBOX_UNENFORCEABLE',
    })
  const kept = [bind('/w/.git', 'read', 'protected name'), { ...mask, why: 'protected name' }]
  const { notEnforced } = planLandlock(specOf([bind('/w', 'write'), ...kept]), 7)
  assert.match(notEnforced.join('\n'), /protected names .* can be changed/)
  // connecting is refused altogether, so there is nothing to hide
  planLandlock(specOf([bind('/w', 'write'), { ...mask, kind: 'file', why: 'a socket of the host' }]), 7)
})

test('what a version lacks is said, and nothing more', () => {
  const said = (abi: number) =>
    planLandlock(specOf([]), abi).notEnforced.filter((line) => line.startsWith('Landlock'))
  assert.deepEqual(
    [1, 2, 3, 4, 5, 6, 7].map((abi) => said(abi).length),
    [5, 4, 3, 2, 1, 0, 0],
  )
})

// Runs the program as the kernel would (bpf(4)).
function verdict(program: readonly Instruction[], nr: number, args: readonly number[], arch: number): number {
  const word = (at: number) =>
    at === 0 ? nr : at === 4 ? arch : at < 16 ? 0 : (at - 16) % 8 === 0 ? (args[(at - 16) / 8] ?? 0) >>> 0 : 0
  for (let pc = 0, a = 0; ; pc += 1) {
    const { code, jt, jf, k } = program[pc] ?? assert.fail('it ran past its end')
    if (code === 0x20) a = word(k) >>> 0
    else if (code === 0x54) a = (a & k) >>> 0
    else if (code === 0x15) pc += a === k ? jt : jf
    else if (code === 0x35) pc += a >= k ? jt : jf
    else return k
  }
}

const ALLOW = 0x7fff_0000

test('the filter answers each call as its rules say, on both architectures', () => {
  for (const architecture of ['x86_64', 'aarch64'] as const) {
    const program = assembleLandlock(architecture, landlockRules(7))
    const answer = (call: LandlockCall, ...args: readonly number[]) => {
      const number = landlockCallNumber(call, architecture)
      return number === undefined ? undefined : verdict(program, number, args, AUDIT_ARCH[architecture])
    }
    const [EPERM, NO_FAMILY, KEEPER] = [ANSWERS.EPERM, ANSWERS.EAFNOSUPPORT, ANSWERS.keeper]
    for (const family of [1, 2, 10, 16, 17, 40]) assert.equal(answer('socket', family, 1, 0), NO_FAMILY)
    const pairs: readonly (readonly [number, number, number])[] = [
      [1, 1, ALLOW],
      [1, 5, ALLOW],
      [1, 1 | 0o2004000, ALLOW],
      [1, 2, NO_FAMILY],
      [1, 3, NO_FAMILY],
      [1, 2 | 0o2000000, NO_FAMILY],
      [2, 1, NO_FAMILY],
    ]
    for (const [family, type, expected] of pairs)
      assert.equal(answer('socketpair', family, type, 0), expected)
    for (const call of ['fchmod', 'fchmodat', 'fchmodat2', 'utimensat'] as const)
      assert.equal(answer(call, 3), KEEPER)
    for (const call of [
      'fchown',
      'setxattr',
      'fsetxattr',
      'shmget',
      'msgrcv',
      'mq_open',
      'sched_setaffinity',
    ] as const)
      assert.equal(answer(call, 0), EPERM, call)
    assert.deepEqual([answer('prlimit64', 0), answer('prlimit64', 1)], [ALLOW, EPERM])
    assert.deepEqual(
      [answer('setpriority', 0, 0), answer('setpriority', 0, 7), answer('setpriority', 2, 0)],
      [ALLOW, EPERM, EPERM],
    )
    assert.deepEqual(
      [answer('ioprio_set', 1, 0), answer('ioprio_set', 1, 7), answer('ioprio_set', 3, 0)],
      [ALLOW, EPERM, EPERM],
    )
    assert.deepEqual([answer('ioctl', 0, 0x40086602), answer('ioctl', 0, 0x5401)], [EPERM, ALLOW])
    assert.equal(answer('truncate', 0), ALLOW)
    assert.equal(
      verdict(program, 0, [], 0x4000_0003),
      0x8000_0000,
      'another calling convention ends the process',
    )
  }
  const x64 = assembleLandlock('x86_64', landlockRules(7))
  assert.equal(verdict(x64, 0x4000_0029, [], AUDIT_ARCH.x86_64), 0x0005_0026)
})

test('below version 3 the filter stands in for what Landlock does not know', () => {
  for (const abi of [1, 2]) {
    const program = assembleLandlock('x86_64', landlockRules(abi))
    assert.equal(
      verdict(program, landlockCallNumber('truncate', 'x86_64')!, [], AUDIT_ARCH.x86_64),
      ANSWERS.EPERM,
    )
  }
  assert.equal(landlockProgram('x86_64', 7).length % 8, 0)
})

const ORDERS: Orders = {
  handled: handledBy(7),
  ...{ uid: 1, gid: 2, umask: 0o022, terminal: false, openFiles: 3, fileBytes: 4 },
  ...{ cwd: 8, baseFilter: 6, ownFilter: 7, rules: [{ fd: 9, access: 5n }], trees: ['/w'] },
  ...{ argv: ['/bin/echo', ''], env: { A: 'b=c' } },
}

test('orders are fields in one order, and none can be torn in two', () => {
  assert.deepEqual(encodeOrders(ORDERS).split('\0'), [
    ...['confine 1', '7', '65535', '3', '3', '2', '1', '2', '18', '0', '3', '4', '8', '6', '7'],
    ...['1', '9', '5', '1', '/w', '2', '/bin/echo', '', '1', 'A=b=c', ''],
  ])
  for (const wrong of [{ argv: ['a\0b'] }, { env: { A: 'x\0y' } }, { trees: ['/\0'] }])
    assert.throws(() => encodeOrders({ ...ORDERS, ...wrong }), RangeError)
})

test('what the keeper says is understood, and what it never says is nothing', () => {
  assert.deepEqual(parseReport('ready 12'), { type: 'ready', pid: 12 })
  assert.deepEqual(parseReport('stopped 5 0'), { type: 'stopped', count: 5, moving: 0 })
  assert.deepEqual(parseReport('killed'), { type: 'killed' })
  assert.deepEqual(parseReport('error filter: no\u001b[31m'), { type: 'error', text: 'filter: no?[31m' })
  for (const line of [
    '',
    'ready',
    'ready x',
    'ready 1 2',
    'exit',
    'exit -1',
    'exit 1 1',
    'stopped 1',
    'killed 1',
    'toString 1',
    'exit 99999999999',
  ])
    assert.equal(parseReport(line), undefined, line)
  fc.assert(fc.property(fc.string(), (line) => (parseReport(line), true)))
})

test('only what lies in memory is led elsewhere, by what lies deepest', () => {
  const memory = (path: string): Mount => ({
    type: 'memory',
    path,
    sizeBytes: 1,
    mode: 0o700,
    why: 'temporary',
  })
  const mounts = [memory('/home/ada'), bind('/home/ada/project', 'write'), memory('/tmp')]
  const temporary: Temporary = {
    top: '/t',
    places: new Map([
      ['/home/ada', '/t/0'],
      ['/tmp', '/t/1'],
    ]),
  }
  const place = (path: string) => realPlace(path, mounts, temporary)
  assert.deepEqual(
    ['/home/ada', '/home/ada/.cache/x', '/home/ada/project/x', '/tmp', '/tmpx', '/usr'].map(place),
    ['/t/0', '/t/0/.cache/x', '/home/ada/project/x', '/t/1', '/tmpx', '/usr'],
  )
  const env = {
    HOME: '/home/ada',
    TMPDIR: '/tmp',
    PWD_: '/home/ada/project',
    WORD: 'tmp',
    PATH: '/usr/bin:/tmp',
  }
  assert.deepEqual(movedEnvironment({ env, mounts }, temporary), { ...env, HOME: '/t/0', TMPDIR: '/t/1' })
})

const STATUS = `Uid:\t1000\t1000\t1000\t1000
Gid:\t1000\t1000\t1000\t1000
CapInh:\t0000000000000000
CapPrm:\t0000000000000000
CapEff:\t0000000000000000
CapBnd:\t000001ffffffffff
CapAmb:\t0000000000000000
NoNewPrivs:\t1
Seccomp:\t2
Seccomp_filters:\t2
`

test('a process that kept anything does not begin', () => {
  const host = { uid: 1000, gid: 1000 }
  assert.equal(whyNotConfined(STATUS, host), undefined)
  const changes = [
    ['Uid:\t1000\t1000', 'Uid:\t1000\t0'],
    ['Gid:\t1000', 'Gid:\t0'],
    ['NoNewPrivs:\t1', 'NoNewPrivs:\t0'],
    ['Seccomp:\t2', 'Seccomp:\t0'],
    ['Seccomp_filters:\t2', 'Seccomp_filters:\t1'],
    ['CapEff:\t0000000000000000', 'CapEff:\t0000000000000001'],
    ['CapPrm:\t0000000000000000', ''],
  ] as const
  for (const [from, to] of changes)
    assert.notEqual(whyNotConfined(STATUS.replace(from, to), host), undefined, to)
  assert.notEqual(whyNotConfined('', host), undefined)
})

test('a count the kernel keeps for all of the user is not told as the limit of a run', () => {
  const report = { name: 'processes', wanted: '9', inForce: true, by: 'rlimit' } as const
  assert.equal(withoutNamespaces(report).inForce, false)
  assert.equal(withoutNamespaces({ ...report, by: 'cgroup v2' }).inForce, true)
  const files = { ...report, name: 'open-files' } as const
  assert.equal(withoutNamespaces(files).inForce, true)
})
