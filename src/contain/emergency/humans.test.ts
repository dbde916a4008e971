import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { humanSessions, utmpSessions } from './humans.ts'

const LAYOUT = { size: 384, time: 340 }

function record(type: number, line: string, user: string, host: string, seconds: number): Buffer {
  const bytes = Buffer.alloc(LAYOUT.size)
  bytes.writeInt16LE(type, 0)
  for (const [at, text] of [
    [8, line],
    [44, user],
    [76, host],
  ] as const)
    bytes.write(text, at)
  bytes.writeUInt32LE(seconds, LAYOUT.time)
  return bytes
}

test('of utmp only people who are logged in count, and half a record does not', () => {
  const bytes = Buffer.concat([
    record(2, '~', 'reboot', '6.1', 1),
    record(7, 'pts/0', 'ops', '10.0.0.5', 1_700_000_000),
    record(7, 'tty1', 'anna', ':0', 1_700_000_000),
    record(8, 'pts/1', 'gone', '', 2),
    Buffer.alloc(100, 7),
  ])
  assert.deepEqual(utmpSessions(bytes, LAYOUT), [
    { user: 'ops', line: 'pts/0', from: '10.0.0.5', since: '2023-11-14T22:13:20.000Z' },
    { user: 'anna', line: 'tty1', since: '2023-11-14T22:13:20.000Z' },
  ])
})

test('logind and the processes of sshd tell of those utmp does not know, and nobody is told twice', (t) => {
  const root = mkdtempSync(join(tmpdir(), 'hum-'))
  t.after(() => rmSync(root, { recursive: true, force: true }))
  const [logind, proc] = [join(root, 'sessions'), join(root, 'proc')]
  mkdirSync(logind)
  writeFileSync(
    join(logind, '3'),
    'UID=1000\nUSER=ops\nCLASS=user\nTTY=pts/0\nREMOTE=1\nREMOTE_HOST=10.0.0.5\nSERVICE=sshd\nREALTIME=1700000000000000\n',
  )
  writeFileSync(join(logind, 'c1'), 'USER=gdm\nCLASS=greeter\nTTY=tty1\n')
  const processes = {
    '10': ['sshd', 'sshd: ops@pts/0'],
    '11': ['sshd-session', 'sshd-session: root@notty'],
    '12': ['sshd', 'sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups'],
    '13': ['bash', 'sshd: evil@pts/9'],
  }
  for (const [pid, [comm, cmdline]] of Object.entries(processes)) {
    mkdirSync(join(proc, pid), { recursive: true })
    writeFileSync(join(proc, pid, 'comm'), `${comm}\n`)
    writeFileSync(join(proc, pid, 'cmdline'), `${cmdline}\0`)
  }
  assert.deepEqual(humanSessions({ utmp: [join(root, 'none')], logind, proc }), [
    { user: 'ops', line: 'pts/0', from: '10.0.0.5', since: '2023-11-14T22:13:20.000Z' },
    { user: 'root', line: 'ssh' },
  ])
})
