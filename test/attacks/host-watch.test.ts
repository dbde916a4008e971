import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { appendFileSync, chmodSync, copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, suite, test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { EntryAnswer } from '../../src/api/endpoints.ts'
import { DAEMON_FLAGS } from '../../src/platform/entry.ts'
import { UTMP_HERE } from '../../src/watch/host/index.ts'
import { needs } from '../kit/box.ts'
import { house, until } from '../kit/house.ts'
import { networks, whyNoNetwork, type Network } from '../kit/network.ts'
import { owner, socketOf, type Owner } from '../kit/owner.ts'

// What an attacker with a foothold does to a host, truly done beside a daemon that watches it.

const PYTHON = '/usr/bin/python3'
const BUILT = fileURLToPath(new URL('../../dist/warderd.js', import.meta.url))
const SOURCE = fileURLToPath(new URL('../../src/daemon/main.ts', import.meta.url))

type Told = EntryAnswer & { readonly details: Readonly<Record<string, unknown>> }

/** What a daemon told, asked for by rule and by words in it. */
function eyes(of: { me?: Owner }) {
  const told = async (rule: string, part: string): Promise<Told | undefined> => {
    const entries = ((await of.me?.ledger({ action: 'alert:raise' })) ?? []) as Told[]
    return entries.findLast((entry) => entry.rule === `host.${rule}` && entry.reason.includes(part))
  }
  /** Waits until it is told. */
  const sees = async (t: TestContext, rule: string, part: string, began: number): Promise<Told> => {
    let found: Told | undefined
    await until(async () => (found = await told(rule, part)) !== undefined, `host.${rule} of ${part}`)
    assert.ok(found)
    t.diagnostic(`${rule}: told ${Date.parse(found.timestamp) - began} ms after it began`)
    return found
  }
  return { told, sees }
}

const SETTINGS = ['watch.host=on', 'watch.host_interval=200ms']
const isRoot = process.getuid?.() === 0

suite('a host that is watched', { skip: isRoot ? false : 'NOT tried: only root is told of others' }, () => {
  const home = house({ after })
  const places = join(home.home, 'starts')
  const log = join(home.home, 'auth.log')
  const sessions = join(home.home, 'wtmp')
  const audit = join(home.home, 'audit.log')
  const at: { me?: Owner } = {}
  const { told, sees } = eyes(at)

  before(async () => {
    mkdirSync(places)
    writeFileSync(log, '')
    for (const path of [sessions, audit]) writeFileSync(path, '')
    const settings = [...SETTINGS, `watch.places=${places}`, `watch.auth_log=${log}`]
    settings.push(`watch.session_log=${sessions}`, `watch.audit_log=${audit}`)
    at.me = await owner({ after }, home, settings)
    // it has begun when it sees a file that is written
    await until(async () => {
      writeFileSync(join(places, 'probe'), '')
      return (await told('persistence', 'probe')) !== undefined
    }, 'the first sight')
  })

  const python = (script: string) => {
    const { status, stderr } = spawnSync(PYTHON, ['-c', script], { timeout: 20_000 })
    assert.equal(status, 0, String(stderr))
  }

  test('a program that no file holds', async (t) => {
    if (!needs(t, PYTHON)) return
    const began = Date.now()
    python(`import os
fd = os.memfd_create("kworker")
os.write(fd, open("/bin/sleep", "rb").read())
os.execve(fd, ["sleep", "0.5"], {})`) // what is gone before anybody looks has no name
    const { risk_level, details } = await sees(t, 'program-in-memory', 'memfd:kworker', began)
    assert.equal(risk_level, 'high')
    assert.equal(typeof details['pid'], 'number')
  })

  test('a program whose file was removed before it began', async (t) => {
    if (!needs(t, PYTHON)) return
    const path = join(home.home, 'gone')
    copyFileSync('/bin/sleep', path)
    chmodSync(path, 0o755)
    const began = Date.now()
    python(`import os
fd = os.open(${JSON.stringify(path)}, os.O_RDONLY)
os.unlink(${JSON.stringify(path)})
os.execve(fd, ["sleep", "0.5"], {})`)
    const { risk_level } = await sees(t, 'program-deleted', path, began)
    assert.equal(risk_level, 'medium')
  })

  test('a file that becomes set-user-id, and the rights it gives', async (t) => {
    if (!needs(t, '/usr/bin/setpriv')) return
    const path = join(home.home, 'id')
    chmodSync(home.home, 0o755)
    copyFileSync('/usr/bin/dash', path)
    const began = Date.now()
    chmodSync(path, 0o4755)
    const { details } = await sees(t, 'set-id', path, began)
    assert.equal(details['mode'], '4755')
    const used = Date.now()
    const { status, stdout } = spawnSync(
      '/usr/bin/setpriv',
      [
        ...['--reuid=65534', '--clear-groups', path, '-p', '-c'],
        'id -u; sleep 1', // what is gone before anybody looks has no name
      ],
      { encoding: 'utf8' },
    )
    if (status !== 0 || stdout.trim() !== '0') return t.diagnostic('set-user-id has no effect here')
    assert.equal((await sees(t, 'became-root', path, used)).details['uid'], 65_534)
  })

  test('a process that traces another', async (t) => {
    if (!needs(t, PYTHON)) return
    const began = Date.now()
    python(`import ctypes, os, subprocess, time
libc = ctypes.CDLL(None)
child = subprocess.Popen(["/bin/sleep", "20"])
assert libc.ptrace(16, child.pid, 0, 0) == 0
os.waitpid(child.pid, 0)
time.sleep(0.5) # who is gone before anybody looks has no name
libc.ptrace(17, child.pid, 0, 0)
child.kill()`)
    await sees(t, 'traced', 'sleep', began)
  })

  test('a file from where programs start by themselves', async (t) => {
    const began = Date.now()
    writeFileSync(join(places, 'evil.timer'), '[Timer]')
    const { risk_level, details } = await sees(t, 'persistence', 'evil.timer', began)
    assert.equal(risk_level, 'high')
    assert.equal(details['path'], join(places, 'evil.timer'))
  })

  test('brute force, whatever name the attacker gives', async (t) => {
    const began = Date.now()
    const innocent = '203.0.113.9 port 22 ssh2'
    for (let i = 0; i < 10; i += 1)
      appendFileSync(
        log,
        `Nov 22 03:00:0${i} host sshd[${i}]: Failed password for invalid user x from ${innocent} from 198.51.100.7 port 4${i} ssh2\n`,
      )
    const { risk_level, details } = await sees(t, 'brute-force', 'from 198.51.100.7', began)
    assert.equal(risk_level, 'high')
    assert.equal(details['source_address'], '198.51.100.7')
    assert.equal(await told('brute-force', 'logins from 203.0.113.9'), undefined)
  })

  test('a person who logs in at the machine, as its book of sessions has it', async (t) => {
    const began = Date.now()
    const { recordBytes } = UTMP_HERE
    const record = Buffer.alloc(recordBytes)
    record.writeInt16LE(7, 0)
    record.write('tty2', 8)
    record.write('ann\u001b[2J', 44)
    appendFileSync(sessions, record)
    const { risk_level, details } = await sees(t, 'session', 'logged in from this machine (tty2)', began)
    assert.equal(risk_level, 'low')
    assert.equal(details['account'], 'ann?[2J', 'and no order to a terminal')
  })

  test('audit that is made to say less', async (t) => {
    const began = Date.now()
    const line = 'type=CONFIG_CHANGE msg=audit(1795000000.123:77): op=set audit_enabled=0 old=1 auid=0 res=1'
    appendFileSync(audit, `${line}\n`)
    const { risk_level } = await sees(t, 'audit-weakened', 'audit was switched off', began)
    assert.equal(risk_level, 'high')
  })

  test('each further source says whether it is in force, and auditd only while it runs', async (t) => {
    const source = async (name: string) =>
      (await at.me?.call('watchStatus', {}))?.sources.find((each) => each.name === name)
    assert.equal((await source('sessions'))?.inForce, true)
    assert.deepEqual(
      [(await source('bpftrace'))?.inForce, (await source('bpftrace'))?.why?.includes('not ')],
      [false, true],
    )
    const runs = spawnSync('pgrep', ['-x', 'auditd']).status === 0
    assert.equal((await source('auditd'))?.inForce, runs)
    const program = join(home.home, 'auditd')
    copyFileSync('/bin/sleep', program)
    const child = spawn(program, ['60'])
    t.after(() => child.kill('SIGKILL'))
    await until(async () => (await source('auditd'))?.inForce === true, 'auditd is in force')
  })

  test('what is in force is said', async () => {
    const health = await at.me?.call('health', {})
    const host = health?.components.find(({ name }) => name === 'host')
    assert.equal(host?.state, 'ok', JSON.stringify(host))
  })
})

// its daemon stands in a network of its own, with a cable to another one: nothing of this machine's is scanned or opened
suite('a network that is watched', { skip: whyNoNetwork() }, () => {
  const home = house({ after })
  const made = networks()
  const at = {} as { me: Owner; host: Network; far: Network & { pid: number } }
  const { told, sees } = eyes(at)

  before(async () => {
    at.host = await made.make()
    at.far = await made.make()
    const { host, far } = at
    const ip = '/usr/sbin/ip'
    host.run(ip, 'link', 'add', 'cable', 'type', 'veth', 'peer', 'name', 'cable', 'netns', String(far.pid))
    for (const [network, last] of [
      [host, 1],
      [far, 2],
    ] as const) {
      network.run(ip, 'address', 'add', `192.0.2.${last}/24`, 'dev', 'cable')
      network.run(ip, 'link', 'set', 'cable', 'up')
    }
    const [first = '', ...rest] = host.through
    const words = [...rest, process.execPath, ...DAEMON_FLAGS, existsSync(BUILT) ? BUILT : SOURCE]
    mkdirSync(join(home.runtime, 'warder'), { recursive: true, mode: 0o700 })
    spawn(first, [...words, ...SETTINGS.map((each) => `--set=${each}`)], {
      ...{ cwd: '/', env: home.environment, detached: true, stdio: 'ignore' },
    }).unref()
    await until(() => home.daemonPid() !== undefined && existsSync(socketOf(home)), 'the daemon')
    at.me = await owner({ after }, home)
  })
  after(() => made.end())

  test('a rogue listener, and none on loopback', async (t) => {
    if (!needs(t, PYTHON)) return
    const script = (address: string, port: number) =>
      `import socket, time; s = socket.socket(); s.bind(("${address}", ${port})); s.listen(); time.sleep(30)`
    const began = Date.now()
    const children = [
      spawn(at.host.through[0] ?? '', [...at.host.through.slice(1), PYTHON, '-c', script('127.0.0.1', 5555)]),
      spawn(at.host.through[0] ?? '', [...at.host.through.slice(1), PYTHON, '-c', script('0.0.0.0', 4444)]),
    ]
    t.after(() => children.forEach((child) => child.kill('SIGKILL')))
    const { risk_level, details } = await sees(t, 'listener', 'port 4444', began)
    assert.equal(risk_level, 'high')
    assert.equal(details['wildcard'], true)
    assert.match(String(details['program']), /^python3/)
    assert.equal(await told('listener', 'port 5555'), undefined)
  })

  test('a scan of ports, and not a client of few', async (t) => {
    const far = await at.far.peer([])
    for (const port of [4444, 81, 82]) await far.dial({ host: '192.0.2.1', port, waitMs: 500 })
    await new Promise((done) => setTimeout(done, 300))
    assert.equal(await told('port-scan', '192.0.2.2'), undefined, 'three ports are no scan')
    const began = Date.now()
    for (let port = 1000; port < 1012; port += 1) await far.dial({ host: '192.0.2.1', port, waitMs: 500 })
    const { details } = await sees(t, 'port-scan', '192.0.2.2', began)
    assert.equal(details['source_address'], '192.0.2.2')
    assert.ok(Number(details['ports']) >= 10)
  })

  test('a source that tells nothing here is not said to be in force', async () => {
    const { components } = await at.me.call('health', {})
    const host = components.find(({ name }) => name === 'host')
    assert.equal(host?.state, 'degraded')
    assert.match(host?.why ?? '', /process-connector: the kernel does not tell of processes here/)
  })
})
