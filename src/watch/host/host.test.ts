import assert from 'node:assert/strict'
import { appendFileSync, mkdtempSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { hostFinding } from './host.ts'
import { isExpected, listenerFinding, parseDeclared, parseListeners } from './listeners.ts'
import { BruteForce, parseLogin } from './logins.ts'
import { Tail } from './proc.ts'

const RULES = { parents: new Set(['nginx']) }
const began = (parentProgram: string, program: string) =>
  hostFinding({ kind: 'began', at: 1, pid: 9, program, parent: 8, parentProgram }, RULES)

test('what a server starts is told, and its own workers are not', () => {
  assert.equal(began('/usr/sbin/nginx', '/bin/sh')?.rule, 'host.unexpected-child')
  assert.equal(began('/usr/sbin/nginx', '/usr/sbin/nginx'), undefined)
  assert.equal(began('/usr/bin/bash', '/bin/sh'), undefined)
})

test('sudo becomes root by right only where the distribution put it', () => {
  const became = (program: string) =>
    hostFinding({ kind: 'privilege', at: 1, pid: 9, program, uid: 1000 }, RULES)
  assert.equal(became('/usr/bin/sudo'), undefined)
  assert.equal(became('/tmp/sudo')?.severity, 'high')
  assert.equal(became('/usr/bin/vim')?.rule, 'host.became-root')
})

test('an installer at its work is told as low, and anybody who takes its name is not', () => {
  const place = (program: string) =>
    hostFinding({ kind: 'place', at: 1, pid: 9, program, path: '/etc/cron.d/x', did: 'wrote' }, RULES)
  assert.equal(place('/usr/bin/dpkg')?.severity, 'low')
  assert.equal(place('/home/me/dpkg')?.severity, 'high')
})

const TCP = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:115C 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4242 1 0 100 0 0 10 0
   1: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4243 1 0 100 0 0 10 0
   2: 0100007F:1F90 0100007F:9999 01 00000000:00000000 00:00000000 00000000     0        0 4244 1 0 100 0 0 10 0`

test('listeners are read from the kernel, and held against what was declared', () => {
  const [open, local, ...others] = parseListeners('tcp', TCP)
  assert.equal(others.length, 0, 'a connection is no listener')
  assert.ok(open !== undefined && local !== undefined)
  assert.deepEqual([open.address, open.port, open.inode], ['0.0.0.0', 4444, '4242'])
  const declared = [parseDeclared('tcp/*:22/sshd')]
  assert.equal(isExpected(open, declared), false)
  assert.equal(isExpected(local, declared), true, 'nobody outside reaches loopback')
  const named = { ...open, program: 'caddy' }
  assert.equal(isExpected(named, [parseDeclared('tcp/*:4444/caddy')]), true)
  assert.equal(isExpected(named, [parseDeclared('tcp/*:4444/nginx')]), false)
  assert.equal(isExpected(named, [parseDeclared('udp/*:4444')]), false)
  assert.equal(listenerFinding(open, true, 1).evidence['wildcard'], true)
  for (const wrong of ['22', 'tcp/*:0', 'tcp/*:70000', 'sctp/*:22']) assert.throws(() => parseDeclared(wrong))
})

const failed = (account: string, address: string) =>
  `Nov 22 03:00:00 host sshd[12]: Failed password for ${account} from ${address} port 4711 ssh2`

test('a login is read from its end: a name cannot blame another address', () => {
  assert.deepEqual(parseLogin(failed('root', '198.51.100.7')), {
    ...{ type: 'failed', service: 'sshd', account: 'root', source: '198.51.100.7' },
  })
  const clever = parseLogin(failed('invalid user x from 203.0.113.9 port 22 ssh2', '198.51.100.7'))
  assert.equal(clever?.source, '198.51.100.7')
  assert.equal(parseLogin(`Nov 22 03:00:00 host evil[1]: ${failed('root', '10.0.0.1')}`), undefined)
  assert.equal(
    parseLogin(
      '2026-11-22T03:00:00+0000 host sshd-session[9]: Accepted publickey for a from 2001:db8::1 port 22 ssh2: ED25519 SHA256:x',
    )?.type,
    'accepted',
  )
  const refused = parseLogin(
    'Nov 22 03:00:00 host sudo:   bob : user NOT in sudoers ; TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/sh',
  )
  assert.deepEqual([refused?.type, refused?.account], ['refused-privilege', 'bob'])
})

test('brute force is told once when the threshold is reached, by address and by account', () => {
  const counts = new BruteForce({ threshold: 3, windowMs: 1000 })
  const login = (account: string, source: string) =>
    ({ type: 'failed', service: 'sshd', account, source }) as const
  assert.deepEqual(counts.take(login('a', '1.1.1.1'), 0), [])
  assert.deepEqual(counts.take(login('b', '1.1.1.1'), 1), [])
  assert.equal(counts.take(login('c', '1.1.1.1'), 2)[0]?.rule, 'host.brute-force')
  assert.deepEqual(counts.take(login('d', '1.1.1.1'), 3), [], 'once is enough')
  assert.deepEqual(counts.take(login('a', '2.2.2.2'), 4), [])
  assert.match(counts.take(login('a', '3.3.3.3'), 5)[0]?.summary ?? '', /for the account a/)
  assert.deepEqual(counts.take(login('z', '9.9.9.9'), 6), [])
  assert.deepEqual(counts.take(login('z', '9.9.9.9'), 2000), [])
  assert.deepEqual(counts.take(login('z', '9.9.9.9'), 4000), [], 'slow tries are not within the window')
})

test('a log is read from its end on, over rotation and truncation', (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'tail-'))
  t.after(() => rmSync(directory, { recursive: true }))
  const path = join(directory, 'auth.log')
  writeFileSync(path, 'old\n')
  const tail = new Tail(path)
  assert.deepEqual(tail.lines(), [])
  appendFileSync(path, 'one\ntw')
  assert.deepEqual(tail.lines(), ['one'])
  appendFileSync(path, 'o\n')
  assert.deepEqual(tail.lines(), ['two'])
  renameSync(path, `${path}.1`)
  writeFileSync(path, 'three\n')
  assert.deepEqual(tail.lines(), ['three'])
  truncateSync(path)
  assert.deepEqual(tail.lines(), [])
  appendFileSync(path, '4\n')
  assert.deepEqual(tail.lines(), ['4'])
  rmSync(path)
  assert.deepEqual(tail.lines(), [])
  assert.ok(tail.problem)
})
