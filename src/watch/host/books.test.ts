import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  AuditedCalls,
  auditWeakened,
  loginIn,
  parseAudit,
  parseSessions,
  RecordTail,
  UTMP_LAYOUTS,
} from './index.ts'

interface Written {
  readonly type: number
  readonly pid: number
  readonly line: string
  readonly account: string
  readonly host: string
  readonly seconds: number
  readonly address: readonly number[]
}

function record(layout: keyof typeof UTMP_LAYOUTS, each: Written): Buffer {
  const { recordBytes, secondsAt, addressAt, hasLongTime } = UTMP_LAYOUTS[layout]
  const bytes = Buffer.alloc(recordBytes)
  bytes.writeInt16LE(each.type, 0)
  bytes.writeInt32LE(each.pid, 4)
  bytes.write(each.line, 8, 32)
  bytes.write(each.account, 44, 32)
  bytes.write(each.host, 76, 256)
  if (hasLongTime) bytes.writeBigInt64LE(BigInt(each.seconds), secondsAt)
  else bytes.writeUInt32LE(each.seconds, secondsAt)
  Buffer.from(each.address).copy(bytes, addressAt)
  return bytes
}

const ANN: Written = {
  ...{ type: 7, pid: 4711, line: 'pts/3', account: 'ann', host: 'desk.example', seconds: 1_795_000_000 },
  address: [192, 0, 2, 7],
}

for (const layout of ['short', 'long'] as const) {
  test(`a session is read from its record (${layout} times)`, () => {
    const six = [0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]
    const bytes = Buffer.concat([
      record(layout, ANN),
      record(layout, { ...ANN, address: six, type: 8, account: '' }),
      record(layout, { ...ANN, address: [] }),
      Buffer.alloc(100, 7), // half a record
    ])
    const [first, second, third, ...more] = parseSessions(bytes, UTMP_LAYOUTS[layout])
    assert.deepEqual(first, {
      ...{ type: 'began', at: 1_795_000_000_000, pid: 4711, line: 'pts/3', account: 'ann' },
      ...{ host: 'desk.example', address: '192.0.2.7' },
    })
    assert.deepEqual([second?.type, second?.address], ['ended', '2001:db8::1'])
    assert.equal(third?.address, undefined)
    assert.deepEqual(more, [])
  })
}

test('what this machine itself writes is read as it was meant', (t) => {
  const text =
    '[7] [04711] [ts/3] [ann     ] [pts/3       ] [desk.example        ] [192.0.2.7      ] [2026-11-18T11:06:40,000000+00:00]\n'
  const { status, stdout, error } = spawnSync('/usr/bin/utmpdump', ['-r'], { input: text })
  if (error !== undefined || status !== 0) return t.skip('NOT tried: there is no utmpdump')
  const [session] = parseSessions(stdout)
  assert.deepEqual(
    [session?.type, session?.pid, session?.line, session?.account, session?.address, session?.at],
    ['began', 4711, 'pts/3', 'ann', '192.0.2.7', Date.parse('2026-11-18T11:06:40Z')],
  )
})

test('no bytes whatever make more of it than records, or end it', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2000 }), fc.constantFrom('short', 'long'), (bytes, layout) => {
      const found = parseSessions(Buffer.from(bytes), UTMP_LAYOUTS[layout as 'short'])
      assert.equal(found.length, Math.floor(bytes.length / UTMP_LAYOUTS[layout as 'short'].recordBytes))
      for (const { account, host, line, address } of found) {
        assert.doesNotMatch(account + host + line, /[\u0000-\u001f\u007f]/)
        assert.ok(address === undefined || /^[0-9a-f:.]+$/.test(address))
      }
    }),
  )
})

test('records are read whole, over rotation, and from the end on', (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'books-'))
  t.after(() => rmSync(directory, { recursive: true }))
  const path = join(directory, 'wtmp')
  writeFileSync(path, Buffer.alloc(384 + 10))
  const tail = new RecordTail(path, 384)
  assert.equal(tail.bytes().length, 0)
  appendFileSync(path, Buffer.alloc(384 - 11))
  assert.equal(tail.bytes().length, 0, 'a byte is missing')
  appendFileSync(path, Buffer.alloc(1 + 384, 1))
  assert.equal(tail.bytes().length, 2 * 384)
  appendFileSync(path, Buffer.alloc(5))
  renameSync(path, `${path}.1`)
  writeFileSync(path, Buffer.alloc(384, 2))
  assert.deepEqual(tail.bytes(), Buffer.alloc(384, 2), 'what was half there before is not put in front')
  appendFileSync(path, Buffer.alloc(384 * 5000, 3))
  const flood = tail.bytes()
  assert.ok(flood.length < 2 * 1024 * 1024 && flood.length % 384 === 0)
})

const AT = 'msg=audit(1795000000.123:77):'
const SYSCALL = `type=SYSCALL ${AT} arch=c000003e syscall=59 success=yes exit=0 a0=55d items=2 ppid=10 pid=11 auid=1000 uid=0 gid=0 euid=0 tty=pts0 ses=3 comm="id" exe="/usr/bin/id" subj=unconfined key="identity"`

test('a call is put together from its records, and told when it is whole', () => {
  const calls = new AuditedCalls()
  const lines = [
    SYSCALL,
    `type=EXECVE ${AT} argc=2 a0="id" a1=2D2D7365637265742022`,
    `type=PATH ${AT} item=0 name="/usr/bin/id"`,
  ]
  for (const line of lines) assert.equal(calls.take(parseAudit(line)!), undefined)
  const call = calls.take(parseAudit(`type=PROCTITLE ${AT} proctitle=6964002D6E`)!)
  assert.deepEqual(call, {
    ...{ at: 1_795_000_000_123, program: '/usr/bin/id', pid: 11, parent: 10, uid: 0, login: 1000 },
    ...{ isSuccess: true, key: 'identity', words: 2 },
  })
  assert.equal(calls.take(parseAudit(`type=EOE ${AT} `)!), undefined, 'once')
})

test('what nobody ends is forgotten', () => {
  const calls = new AuditedCalls()
  const begin = (serial: number) => calls.take(parseAudit(SYSCALL.replace(':77)', `:${serial})`))!)
  for (let serial = 0; serial < 300; serial += 1) begin(serial)
  const end = (serial: number) => calls.take(parseAudit(`type=EOE msg=audit(1.000:${serial}): `)!)
  assert.equal(end(0), undefined)
  assert.equal(end(299)?.pid, 11)
})

function auth(type: string, fields: string): string {
  return `type=${type} msg=audit(1795000000.000:5): pid=9 uid=0 auid=4294967295 ses=4294967295 msg='${fields}'\u001dUID="root" AUID="unset"`
}

test('a login is read from what the service said, and a name cannot say more', () => {
  const said = (fields: string, type = 'USER_AUTH') => loginIn(parseAudit(auth(type, fields))!)
  const end = 'exe="/usr/sbin/sshd" hostname=192.0.2.9 addr=192.0.2.9 terminal=ssh'
  assert.deepEqual(said(`op=PAM:authentication grantors=? acct="root" ${end} res=failed`), {
    ...{ type: 'failed', account: 'root', service: 'sshd', source: '192.0.2.9' },
  })
  assert.equal(said(`op=pubkey acct="root" ${end} res=failed`), undefined, 'an offer is no attempt')
  assert.equal(said(`op=login id=1000 ${end} res=success`, 'USER_LOGIN')?.type, 'accepted')
  // a name with a blank is written in hexadecimal: here `x" addr=203.0.113.1 res=success`
  const name = Buffer.from('x" addr=203.0.113.1 res=success').toString('hex').toUpperCase()
  const clever = said(`op=PAM:authentication acct=${name} ${end} res=failed`)
  assert.deepEqual([clever?.type, clever?.source], ['failed', '192.0.2.9'])
  assert.equal(said(`op=PAM:authentication acct="a" addr=? res=failed`)?.source, undefined)
})

test('that audit is made to say less is told', () => {
  const weak = (line: string) => auditWeakened(parseAudit(line)!)
  const change = `type=CONFIG_CHANGE ${AT} op=set`
  assert.match(weak(`${change} audit_enabled=0 old=1 auid=0 res=1`) ?? '', /switched off/)
  assert.equal(weak(`${change} audit_enabled=1 old=0 auid=0 res=1`), undefined)
  assert.match(weak(`type=CONFIG_CHANGE ${AT} op=remove_rule key="identity" res=1`) ?? '', /rule/)
  assert.match(weak(`type=DAEMON_END ${AT} op=terminate res=success`) ?? '', /ended/)
})

test('no line whatever is more than a record, or ends it', () => {
  const piece = fc.constantFrom(
    'type=SYSCALL ',
    AT,
    ' ',
    "msg='",
    '"',
    '=',
    'pid=',
    'a0=',
    '41',
    '\u001d',
    'res=failed',
  )
  const line = fc.oneof(
    fc.string({ maxLength: 300 }),
    fc.array(piece, { maxLength: 60 }).map((all) => all.join('')),
  )
  const calls = new AuditedCalls()
  fc.assert(
    fc.property(line, (text) => {
      const found = parseAudit(text)
      if (found === undefined) return
      assert.ok(found.fields.size <= 256)
      loginIn(found)
      calls.take(found)
    }),
  )
  assert.equal(parseAudit(`type=A ${AT} ${'a=1 '.repeat(10_000)}`), undefined, 'longer than any')
})
