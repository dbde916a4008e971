import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { assertRan, boxes, needs } from '../kit/box.ts'
import { until } from '../kit/house.ts'
import { configure } from '../kit/owner.ts'

// What users of other sandboxes were promised for whole runs: names that are always kept, arguments that arrive as they
// are, refusals that say why, settings that never fall back, and nothing left when a run ends, however it ends.

const { house, box, sh } = boxes({ after })
const KEPT = 'the user’s own\n'
const CROWDED = 400
const OVERCROWDED = 600

/** Held by every profile, in the root of a project and below it, when they are there. */
const ALWAYS = [
  ...['.bashrc', '.bash_profile', '.profile', '.zshrc', '.gitmodules', '.mcp.json', '.npmrc', '.envrc'],
  ...['.vscode/tasks.json', '.idea/workspace.xml', '.claude/commands/go.md', '.claude/agents/a.md'],
  ...['.git/hooks/pre-commit', '.git/config'],
]
/** Held as well once a profile names them, there or not. */
const NAMED = ['.bashrc', '.zprofile', '.gitconfig', '.ripgreprc', '.inputrc', 'deploy/']

function project(name: string, ...paths: readonly string[]): string {
  const workspace = mkdtempSync(join(house.home, `${name}-`))
  for (const path of paths) put(join(workspace, path))
  return workspace
}

function put(path: string): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, KEPT)
}

/** A script that tries to change each of these, and prints the name when it did. */
function tamper(paths: readonly string[]): string {
  return `for path in ${paths.join(' ')}; do
    [ -e $path ] && was=there || was=absent; (echo evil >> $path) 2>/dev/null && echo "wrote $path"
    rm -rf $path 2>/dev/null; [ $was = there ] && [ ! -e $path ] && echo "removed $path"
    mv $(dirname $path) moved 2>/dev/null && echo "moved $path"; mkdir -p $(dirname $path) 2>/dev/null; (echo evil > $path) 2>/dev/null && echo "made $path"
  done; echo tried`
}

function processesOf(word: string): string[] {
  return readdirSync('/proc').filter((name) => {
    try {
      return /^\d+$/.test(name) && readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0').includes(word)
    } catch {
      return false // it has ended
    }
  })
}

const crowded = project('crowded')
const denied = project('denied', 'a.txt')

before(() => {
  const pattern = (agent: string, what: string) =>
    `  - {id: ${agent}, agents: [${agent}], effect: deny, capabilities: ["fs:read:${what}"], reason: not for agents}\n`
  configure(
    house,
    'policy.yaml',
    `version: 1\nrules:\n${pattern('crowd', `${crowded}/*.pem`)}${pattern('denied', `${denied}/**`)}`,
  )
  mkdirSync(join(house.home, '.config/warder/profiles'), { recursive: true, mode: 0o700 })
  const profile = (name: string, more: string) =>
    `name: ${name}\ndescription: a test\nfilesystem: { workspace: read-write }\nnetwork: { mode: none }\nprocess: { fork: true, max_memory: 256MiB, max_processes: 24, max_open_files: 64 }\nenvironment: { mode: none }\n${more}`
  configure(house, 'profiles/named.yaml', profile('named', `protected: ${JSON.stringify(NAMED)}\n`))
})

test('names that make a user’s tools run something stay as they were, at the root and further down', async () => {
  const below = ALWAYS.map((path) => `packages/one/${path}`)
  const workspace = project('always', ...ALWAYS, ...below)
  const result = await sh(tamper([...ALWAYS, ...below]), { workspace })
  assertRan(result, /^tried$/)
  for (const path of [...ALWAYS, ...below]) assert.equal(readFileSync(join(workspace, path), 'utf8'), KEPT)
})

test('those that are not there cannot be made, and nothing shows afterwards that their places were held', async () => {
  const workspace = project('absent', '.git/HEAD')
  const absent = ALWAYS.filter((path) => !/^\.(bash|zsh|profile|gitmodules)/.test(path))
  assertRan(await sh(tamper(absent), { workspace }), /^tried$/)
  assert.deepEqual(readdirSync(workspace), ['.git'])
  assert.deepEqual(readdirSync(join(workspace, '.git')), ['HEAD'])
})

test('a profile can name more of them, there or not', async () => {
  const workspace = project('named', '.gitconfig', 'deploy/run.sh')
  assertRan(await sh(tamper([...NAMED, 'deploy/run.sh']), { workspace, profile: 'named' }), /^tried$/)
  assert.deepEqual(readdirSync(workspace).sort(), ['.gitconfig', 'deploy'])
  assert.equal(readFileSync(join(workspace, 'deploy/run.sh'), 'utf8'), KEPT)
})

test('names that only look like them are the agent’s to write', async () => {
  const free = [
    '.gitignore',
    '.github/workflows/ci.yml',
    '.bashrc.bak',
    'x.git/f',
    '.vscodeignore',
    'mcp.json',
  ]
  const workspace = project('alike', '.git/HEAD', '.github/readme')
  const result = await sh(
    `for path in ${free.join(' ')}; do mkdir -p $(dirname $path); echo mine > $path && echo $path; done`,
    { workspace },
  )
  assert.deepEqual(result.stdout.trim().split('\n'), free, result.stderr)
})

test('a file of the user’s that looks like a leftover is not cleared away', async () => {
  const workspace = project('lookalike')
  writeFileSync(join(workspace, '.mcp.json'), '')
  chmodSync(join(workspace, '.mcp.json'), 0o444)
  mkdirSync(join(workspace, '.vscode'))
  assertRan(await sh('echo ran', { workspace }), /^ran$/)
  assert.deepEqual(readdirSync(workspace).sort(), ['.mcp.json', '.vscode'])
})

test('a run that ends does not take away the protection of another one in the same project', async () => {
  const workspace = project('shared')
  const first = house.start(['run', '-q', '--workspace', workspace, '--', '/bin/sh'], { cwd: workspace })
  let said = ''
  first.stdout?.on('data', (chunk: Buffer) => (said += String(chunk)))
  first.stdin?.write('echo begun\n')
  await until(() => said.includes('begun'), 'the first run has begun', 60_000)
  assertRan(await sh('echo second', { workspace, agent: 'second' }), /^second$/)
  first.stdin?.end(`${tamper(['.mcp.json', '.vscode/tasks.json', '.git/config'])}\n`)
  await new Promise((done) => first.once('close', done))
  assert.equal(said, 'begun\ntried\n')
  assert.deepEqual(readdirSync(workspace), [])
})

test('when the command line is killed, its agent ends with it, and nothing is left', async () => {
  const workspace = project('killed')
  const seconds = `9${process.pid}.25`
  const run = house.start(
    [
      'run',
      '--workspace',
      workspace,
      '--',
      '/bin/sh',
      '-c',
      `setsid sleep ${seconds} & sleep ${seconds}; exit`,
    ],
    { cwd: workspace },
  )
  await until(() => processesOf(seconds).length >= 2, 'both are running', 60_000)
  run.kill('SIGKILL')
  await until(() => processesOf(seconds).length === 0, 'both have ended', 60_000)
  await until(() => readdirSync(workspace).length === 0, 'the places held are free', 60_000)
})

test('what a command leaves running ends with it', async () => {
  const seconds = `8${process.pid}.25`
  const result = await sh(
    `setsid sleep ${seconds} </dev/null >/dev/null 2>&1 & nohup sleep ${seconds} >/dev/null 2>&1 & echo left`,
  )
  assertRan(result, /^left$/)
  assert.deepEqual(processesOf(seconds), [])
})

test('a run has a socket of its own while it lasts, and leaves nothing behind in the runtime directory', async () => {
  const all = (): string[] => readdirSync(house.runtime, { recursive: true, encoding: 'utf8' }).sort()
  await sh('true') // the daemon's own files are there from now on
  const ofRuns = () => all().filter((name) => /^warder\/(?:agents|egress)\/.*\.sock$/.test(name))
  await until(() => ofRuns().length === 0, 'the runs before have left', 60_000)
  const before = all()
  const run = house.start(['run', '-q', '--agent', 'leaver', '--', '/bin/sh'])
  let said = ''
  run.stdout?.on('data', (chunk: Buffer) => (said += String(chunk)))
  run.stdin?.write('[ -S $WARDER_PATHS_SOCKET ] && echo begun\n')
  await until(() => said.includes('begun'), 'the run has begun', 60_000)
  if (!existsSync('/run/warder-agents')) assert.ok(all().length > before.length)
  run.stdin?.end('exit 9\n')
  await new Promise((done) => run.once('close', done))
  await until(() => all().length <= before.length, 'what it had is gone', 60_000)
  assert.deepEqual(all(), before)
})

test('arguments arrive as they were given: no shell has its way with them', async () => {
  const odd = [
    '',
    ' ',
    'a b',
    "it's",
    '"',
    '$HOME',
    '$(id)',
    '`id`',
    '*',
    '~',
    '\\',
    'a\nb',
    '-n',
    '--',
    ';ls',
    'é✓',
    '!x',
  ]
  const print = ['/bin/sh', '-c', 'for word in "$@"; do printf "%s\\000" "$word"; done', 'sh']
  const { stdout } = await box({ argv: [...print, ...odd] })
  assert.deepEqual(stdout.split('\0').slice(0, -1), odd)
  const long = ['x'.repeat(100_000), ...Array.from({ length: 2000 }, (_, i) => `word-${i}`)]
  const counted = await box({ argv: ['/bin/sh', '-c', 'echo $# ${#1}', 'sh', ...long] })
  assertRan(counted, /^2001 100000$/)
})

test('a command’s own exit code comes out, and so does the signal it died of', async () => {
  assert.equal((await sh('exit 42')).code, 42)
  assert.equal((await sh('kill -TERM $$')).code, 128 + 15)
  assert.equal((await sh('/nowhere/x')).code, 127)
})

test('a project may have any name a shell would stumble over', async () => {
  const workspace = join(project('odd'), `a b'"$(id)\`x\`,:?[é]-`)
  mkdirSync(workspace)
  assertRan(await sh(`${tamper(['.mcp.json', '.git/config'])}; echo mine > f`, { workspace }), /^tried$/)
  assert.deepEqual(readdirSync(workspace), ['f'])
})

test('hundreds of files a rule forbids are shut, every one; more than can be held refuse the run', async () => {
  for (let i = 0; i < CROWDED; i += 1) writeFileSync(join(crowded, `${i}.pem`), KEPT)
  const look = 'cat *.pem 2>/dev/null | wc -l; ls *.pem | wc -l'
  assertRan(await sh(look, { workspace: crowded, agent: 'crowd' }), new RegExp(`^0\n${CROWDED}$`))
  for (let i = CROWDED; i < OVERCROWDED; i += 1) writeFileSync(join(crowded, `${i}.pem`), KEPT)
  const refused = await sh('echo RAN', { workspace: crowded, agent: 'crowd' })
  assert.notEqual(refused.code, 0)
  assert.equal(refused.stdout, '')
  assert.match(refused.stderr, /there are 600 files that match .* can shut 512\n {2}fix: /)
})

test('who is refused is told by which rule, and what would help', async () => {
  const refused = await sh('echo RAN', { workspace: denied, agent: 'denied' })
  assert.notEqual(refused.code, 0)
  assert.equal(refused.stdout, '')
  assert.match(refused.stderr, /^error: .*rule\.denied denies read of .*\n {2}fix: /m)
  const inside = await sh('echo x > .mcp.json; echo x > /usr/x; cat /etc/shadow; kill -9 4194000')
  assert.match(inside.stderr, /\.mcp\.json: Read-only file system/)
  assert.match(inside.stderr, /\/usr\/x: Read-only file system/)
  assert.match(inside.stderr, /shadow: No such file/)
  assert.match(inside.stderr, /No such process/)
})

test('settings that are not right never fall back to others: nothing runs', async (t) => {
  const other = boxes(t)
  const broken = { empty: '', 'not-yaml': '{ name: [', 'wrong-name': 'name: agent\n', half: 'name: half\n' }
  for (const [name, text] of Object.entries(broken)) {
    mkdirSync(join(other.house.home, '.config/warder/profiles'), { recursive: true, mode: 0o700 })
    const file = configure(other.house, `profiles/${name}.yaml`, text)
    const refused = await other.box({ argv: ['/bin/echo', 'RAN'], profile: name })
    rmSync(file) // one wrong file is enough to refuse every run: each is tried by itself
    assert.notEqual(refused.code, 0, name)
    assert.equal(refused.stdout, '', name)
    assert.ok(refused.stderr.includes(file) || refused.stderr.includes(name), refused.stderr)
  }
  const unknown = await box({ argv: ['/bin/echo', 'RAN'], profile: 'agnet' })
  assert.notEqual(unknown.code, 0)
  assert.equal(unknown.stdout, '')
})

test('git can be asked about a repository it cannot change', async (t) => {
  if (!needs(t, '/usr/bin/git')) return
  const workspace = project('asked', 'a.txt')
  const git = (...args: string[]) =>
    execFileSync('/usr/bin/git', ['-C', workspace, ...args], {
      env: { HOME: house.home, GIT_CONFIG_NOSYSTEM: '1' },
    })
  git('init', '-q')
  git('add', '.')
  git('-c', 'user.name=a', '-c', 'user.email=a@example.org', 'commit', '-qm', 'the first one')
  const result = await sh(
    `echo more >> a.txt; git log --format=%s; git diff --stat | tail -1; git status --short --untracked-files=no; git commit -qam evil 2>/dev/null && echo COMMITTED; git config core.pager evil 2>/dev/null && echo SET; git cat-file -t HEAD`,
    { workspace },
  )
  assertRan(result, /^the first one\n 1 file changed, 1 insertion.*\n M a\.txt\ncommit$/)
})
