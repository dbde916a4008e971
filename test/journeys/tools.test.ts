import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { after, test, type TestContext } from 'node:test'
import { newId } from '../../src/core/id.ts'
import {
  compile,
  createBubblewrapDriver,
  diskLookup,
  presets,
  seccompDigestHere,
  type Running,
} from '../../src/enforce/sandbox/index.ts'
import { openNative } from '../../src/platform/native.ts'
import { house, until, type Result } from '../kit/house.ts'

// The tools of a working day, inside the profile `agent` unless another one is named. What is not installed is skipped.

const home = house({ after })

function project(name: string): string {
  return mkdtempSync(join(home.home, `${name}-`))
}

/** A command in the sandbox, in this directory. */
function inside(workspace: string, argv: readonly string[], profile = 'agent'): Promise<Result> {
  return home.warder(['run', '-q', '--profile', profile, '--', ...argv], {
    cwd: workspace,
    timeoutMs: 100_000,
  })
}

function sh(workspace: string, script: string): Promise<Result> {
  return inside(workspace, ['/bin/sh', '-ec', script])
}

function assertSaid({ code, stdout, stderr }: Result, wanted: RegExp): void {
  assert.equal(code, 0, `exit ${code}\n${stdout}\n${stderr}`)
  assert.match(stdout, wanted)
}

function needs(t: TestContext, ...programs: readonly string[]): boolean {
  const missing = programs.filter((program) => !existsSync(program))
  if (missing.length > 0) t.skip(`${missing.join(', ')} not installed here: NOT tried`)
  return missing.length === 0
}

const GIT = '/usr/bin/git'
const ME = '-c user.name=Agent -c user.email=agent@example.org'
/** As the host asks git about what an agent wrote: nothing of it may run. */
const neutral = (...args: string[]): string =>
  execFileSync(GIT, ['-c', 'core.hooksPath=/dev/null', '-c', 'core.fsmonitor=false', ...args], {
    env: { HOME: home.home, GIT_CONFIG_NOSYSTEM: '1', GIT_TERMINAL_PROMPT: '0' },
    encoding: 'utf8',
  })

test('git: a new repository, commits, branches, a merge and a worktree', async (t) => {
  if (!needs(t, GIT)) return
  const result = await sh(
    project('git'),
    `git init -q -b main made && cd made && echo 1 > a && git add a && git ${ME} commit -qm one
     git switch -qc side && echo 2 > b && git add b && git ${ME} commit -qm two && git switch -q main
     echo 3 > c && git add c && git ${ME} commit -qm three && git ${ME} merge -q side -m merged
     git worktree add -q ../tree side && cd ../tree && echo 4 > d && git add d && git ${ME} commit -qm four
     git -C ../made log --format=%s --all | sort; git -C ../made fsck --no-progress && echo sound`,
  )
  assertSaid(result, /^four\nmerged\none\nthree\ntwo\nsound\n/)
})

test('git: the agent commits in a clone of its own, and the host takes the commits over', async (t) => {
  if (!needs(t, GIT)) return
  const workspace = project('cloned')
  neutral('init', '-q', '-b', 'main', workspace)
  writeFileSync(join(workspace, 'a.txt'), 'one\n')
  neutral('-C', workspace, 'add', 'a.txt')
  neutral('-C', workspace, '-c', 'user.name=h', '-c', 'user.email=h@example.org', 'commit', '-qm', 'first')
  const result = await sh(
    workspace,
    `git clone -q . mine && cd mine && echo two >> a.txt && git ${ME} commit -qam second && git log --format=%s`,
  )
  assertSaid(result, /^second\nfirst\n$/)
  neutral('-C', workspace, 'fetch', '-q', join(workspace, 'mine'), 'main')
  assert.equal(neutral('-C', workspace, 'log', '-1', '--format=%s', 'FETCH_HEAD'), 'second\n')
})

for (const mode of ['worktree', 'overlay']) {
  test(`git: in ${mode} mode the agent commits where it stands, and the workspace stays as it was`, async (t) => {
    if (!needs(t, GIT)) return
    const cwd = project(mode)
    neutral('init', '-q', '-b', 'main', cwd)
    neutral('-C', cwd, '-c', 'user.name=h', '-c', 'user.email=h@e.org', 'commit', '-qm', '1', '--allow-empty')
    const script = `echo 2 > b && git add -A && git ${ME} commit -qm 2 && git log --format=%s`
    const run = ['run', '-q', '--agent', mode, '--workspace-mode', mode, '--', 'sh', '-ec', script]
    assertSaid(await home.warder(run, { cwd }), /^2\n1\n$/)
    assert.equal(neutral('-C', cwd, 'log', '--format=%s'), '1\n')
  })
}

test('node: workers, child processes, its own loopback and a test run', async () => {
  const workspace = project('node')
  writeFileSync(
    join(workspace, 'all.test.mjs'),
    `import { test } from 'node:test'
     import { once } from 'node:events'
     import { execFileSync } from 'node:child_process'
     import { createServer } from 'node:http'
     import { Worker } from 'node:worker_threads'
     test('worker', async () => { const w = new Worker('require("node:worker_threads").parentPort.postMessage(6*7)', { eval: true }); const [n] = await once(w, 'message'); if (n !== 42) throw n })
     test('child', () => { if (execFileSync(process.execPath, ['-p', '6*7']).toString() !== '42\\n') throw 1 })
     test('loopback', async () => { const s = createServer((q, a) => a.end('ok')).listen(0, '127.0.0.1'); await once(s, 'listening')
       const text = await (await fetch('http://127.0.0.1:' + s.address().port)).text(); s.close(); if (text !== 'ok') throw text })`,
  )
  assertSaid(await inside(workspace, [process.execPath, '--test', '--test-reporter=tap']), /^# pass 3$/m)
})

test('npm: scripts run, and a packed package installs without a network', async (t) => {
  if (!needs(t, '/usr/bin/npm')) return
  const workspace = project('npm')
  mkdirSync(join(workspace, 'dep'))
  writeFileSync(join(workspace, 'dep/package.json'), '{"name":"dep","version":"1.0.0","main":"i.js"}')
  writeFileSync(join(workspace, 'dep/i.js'), 'module.exports = 42')
  writeFileSync(
    join(workspace, 'package.json'),
    '{"name":"app","version":"1.0.0","scripts":{"hello":"node -p \\"require(\'dep\')\\""}}',
  )
  const quiet = '--no-audit --no-fund --no-update-notifier --silent'
  const result = await inside(workspace, [
    '/usr/bin/npm',
    'exec',
    '--offline',
    '--call',
    `npm pack ./dep ${quiet} && npm install --offline ${quiet} ./dep-1.0.0.tgz && npm run --silent hello`,
  ])
  assertSaid(result, /^42$/m)
})

test('python: subprocesses, worker processes, a database and a virtual environment', async (t) => {
  if (!needs(t, '/usr/bin/python3')) return
  const workspace = project('python')
  writeFileSync(
    join(workspace, 'all.py'),
    `import sqlite3, subprocess, sys, asyncio, multiprocessing
def double(n): return 2 * n
async def hi(): return (await (await asyncio.create_subprocess_exec('echo', 'sub', stdout=-1)).communicate())[0]
if __name__ == '__main__':
    with multiprocessing.Pool(2) as pool: print(pool.map(double, [1, 2, 3]))
    db = sqlite3.connect('x.db'); db.execute('create table t (n)'); db.execute('insert into t values (42)'); db.commit()
    print(db.execute('select n from t').fetchone()); print(asyncio.run(hi()))
    subprocess.run([sys.executable, '-m', 'venv', '--without-pip', 'env'], check=True)
    print(subprocess.check_output(['env/bin/python', '-c', 'import sys; print(sys.prefix != sys.base_prefix)']))`,
  )
  const result = await inside(workspace, ['/usr/bin/python3', 'all.py'])
  assertSaid(result, /^\[2, 4, 6\]\n\(42,\)\nb'sub\\n'\nb'True\\n'\n$/)
})

test('gcc: a program of two files and a library is compiled, linked and run', async (t) => {
  if (!needs(t, '/usr/bin/gcc', '/usr/bin/ar')) return
  const workspace = project('gcc')
  writeFileSync(join(workspace, 'lib.c'), 'int answer(void) { return 42; }\n')
  writeFileSync(
    join(workspace, 'main.c'),
    '#include <stdio.h>\nint answer(void);\nint main(void) { printf("%d\\n", answer()); }\n',
  )
  const result = await sh(
    workspace,
    'gcc -O2 -c lib.c && ar rcs liba.a lib.o && gcc main.c -L. -la -o program && ./program',
  )
  assertSaid(result, /^42\n$/)
})

/** The toolchain's own cargo: the one in PATH may be rustup's, which looks for toolchains in the home directory. */
function cargo(): string | undefined {
  const top = join(homedir(), '.rustup/toolchains')
  const toolchains = existsSync(top) ? readdirSync(top).map((name) => join(top, name, 'bin/cargo')) : []
  return ['/usr/bin/cargo', ...toolchains].find((path) => existsSync(path))
}

test('cargo: a new package is built and run without a network', async (t) => {
  const program = cargo()
  if (program === undefined) return t.skip('no cargo is installed here: NOT tried')
  const workspace = project('cargo')
  mkdirSync(join(workspace, 'src'))
  writeFileSync(
    join(workspace, 'Cargo.toml'),
    '[package]\nname = "app"\nversion = "0.1.0"\nedition = "2021"\n',
  )
  writeFileSync(join(workspace, 'src/main.rs'), 'fn main() { println!("{}", 6 * 7); }\n')
  const result = await inside(workspace, [program, 'run', '--offline', '--quiet'])
  assertSaid(result, /^42\n$/)
})

test('a test watcher notices a file that is changed from outside', async () => {
  const workspace = project('watch')
  writeFileSync(join(workspace, 'value.mjs'), 'console.log("saw-before")\n')
  const watcher = home.start(['run', '-q', '--', process.execPath, '--watch', 'value.mjs'], {
    cwd: workspace,
  })
  let said = ''
  watcher.stdout?.on('data', (chunk: Buffer) => (said += String(chunk)))
  await until(() => said.includes('saw-before'), 'the first run', 60_000)
  writeFileSync(join(workspace, 'value.mjs'), 'console.log("saw-after")\n')
  await until(() => said.includes('saw-after'), 'the second run', 60_000)
  watcher.kill('SIGTERM')
  await new Promise((done) => watcher.once('close', done))
})

/** Not Debian's wrapper, which wants /etc/chromium.d; nothing of /etc is shown but what is harmless everywhere. */
const CHROMIUM = '/usr/lib/chromium/chromium'

test('chromium: a picture of a local page, in the profile browser', async (t) => {
  if (!needs(t, CHROMIUM)) return
  const workspace = project('chromium')
  writeFileSync(join(workspace, 'page.html'), '<body style="background:#c00"><h1>hello</h1>')
  const result = await inside(
    workspace,
    [
      CHROMIUM,
      '--headless=new',
      // its own sandbox wants user namespaces, which are shut in here; ours holds all of its processes
      '--no-sandbox',
      '--disable-gpu',
      '--disable-breakpad',
      '--no-first-run',
      '--user-data-dir=/tmp/profile',
      '--window-size=400,300',
      '--screenshot=shot.png',
      `file://${workspace}/page.html`,
    ],
    'browser',
  )
  assert.equal(result.code, 0, result.stderr)
  const picture = readFileSync(join(workspace, 'shot.png'))
  assert.equal(picture.toString('latin1', 1, 4), 'PNG')
  assert.deepEqual([picture.readUInt32BE(16), picture.readUInt32BE(20)], [400, 300])
})

/** A development server as there are many: it listens on its own loopback and says where. */
const SERVER = `require('node:http').createServer((q, a) => a.end('served ' + q.url)).listen(0, '127.0.0.1', function () { console.log(this.address().port) })`
/** Carries one connection to the server inside, byte for byte: a command in the same sandbox. */
const RELAY = `const s = require('node:net').connect(Number(process.argv[1]), '127.0.0.1'); process.stdin.pipe(s).pipe(process.stdout); s.on('error', () => process.exit(1))`

/** A sandbox of the profile `agent` with a Node.js script in it; it ends with the test. */
async function running(t: TestContext, script: string): Promise<Running | undefined> {
  const driver = createBubblewrapDriver({ native: openNative() })
  const { guarantees } = await driver.lastProbe()
  const lost = guarantees.find(({ name, inForce }) => name === 'resident-exec' && !inForce)
  if (lost !== undefined) {
    t.skip(`no command can be sent into a running sandbox here (${lost.why}): NOT tried`)
    return undefined
  }
  const spec = compile(
    presets().get('agent')!,
    {
      argv: [process.execPath, '-e', script],
      workspace: project('served'),
      env: {},
      home: home.home,
      user: { uid: process.getuid?.() ?? 65534, gid: process.getgid?.() ?? 65534, name: 'tester' },
      reach: [],
      exclusions: [],
      seccompDigest: seccompDigestHere,
    },
    diskLookup,
  )
  const run = await driver.start(spec, { runId: newId(), agent: 'tester' })
  t.after(() => run.kill('the test is over'))
  return run
}

test('a development server inside is reached from outside through a port that is carried in', async (t) => {
  const run = await running(t, SERVER)
  if (run === undefined) return
  const [said] = (await once(run.stdout, 'data')) as [Buffer]
  const port = String(said).trim()
  const outside = createServer((connection) => {
    void run.exec!({ argv: [process.execPath, '-e', RELAY, port] }).then((relay) => {
      connection.pipe(relay.stdin)
      relay.stdout.pipe(connection)
      for (const end of [connection, relay.stdin]) end.on('error', () => relay.kill('the connection is over'))
    })
  }).listen(0, '127.0.0.1')
  t.after(() => outside.close())
  await once(outside, 'listening')
  const url = `http://127.0.0.1:${(outside.address() as AddressInfo).port}`
  const answers = await Promise.all(
    ['/a', '/b', '/c'].map(async (path) =>
      (await fetch(url + path, { headers: { connection: 'close' } })).text(),
    ),
  )
  assert.deepEqual(answers, ['served /a', 'served /b', 'served /c'])
  await assert.rejects(fetch(`http://127.0.0.1:${port}`), 'and by its own port it is not there')
})
