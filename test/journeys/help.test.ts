import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { after, test, type TestContext } from 'node:test'
import { writeManPages } from '../../scripts/manual.ts'
import { COMMANDS } from '../../src/cli/commands/index.ts'
import { house } from '../kit/house.ts'

const home = house({ after })
const ROOT = new URL('../../', import.meta.url).pathname
const NAMES = Object.keys(COMMANDS)

/** Words behind `warder` in texts that are hashed, so that one hash never stands for another. */
const LABELS = new Set(['client', 'server', 'host'])

function needs(t: TestContext, program: string): boolean {
  if (existsSync(program)) return true
  t.skip(`${program} is not on this machine: NOT checked`)
  return false
}

test('every command explains itself: examples first, exit 0, on stdout', async () => {
  for (const [at, name] of NAMES.entries()) {
    const words = [...name.split(' '), '--help']
    const { code, stdout, stderr } = await home.command(words)
    // the program itself says the same; it is asked now and then, for a process each tells no more
    if (at % 16 === 0) assert.equal((await home.warder(words)).stdout, stdout, name)
    assert.deepEqual([code, stderr], [0, ''], name)
    const [title, , heading, example] = stdout.split('\n')
    assert.ok(title?.startsWith(`warder ${name}: `), `${name}: ${title}`)
    assert.equal(heading, 'Examples', name)
    assert.match(example ?? '', /warder/, name)
  }
})

test('warder alone, --help and help show what it can do, help commands each command, a noun its verbs', async () => {
  const nouns = new Set(NAMES.map((name) => name.split(' ')[0]))
  for (const words of [[], ['--help'], ['help']]) {
    const { code, stdout } = await home.warder(words)
    assert.equal(code, 0)
    for (const noun of nouns) assert.match(stdout, new RegExp(`^ {2}${noun} `, 'm'), words.join(' '))
    assert.doesNotMatch(stdout, /^More$/m, 'each has its place')
  }
  const all = await home.warder(['help', 'commands'])
  assert.equal(all.code, 0)
  for (const name of NAMES) assert.match(all.stdout, new RegExp(`^ {2}${name}(?: |$)`, 'm'))
  const noun = await home.warder(['audit'])
  assert.equal(noun.code, 0)
  assert.match(noun.stdout, /audit verify/)
})

test('what is misspelt is refused with exit 2 and the nearest that exists', async () => {
  for (const [words, guess] of [
    [['grnat', 'add'], 'warder grant add'],
    [['audit', 'lst'], 'warder audit list'],
    [['statsu'], 'warder status'],
    [['help', 'exit-code'], 'warder help exit-codes'],
  ] as const) {
    const { code, stdout, stderr } = await home.warder(words)
    assert.deepEqual([code, stdout], [2, ''], words.join(' '))
    assert.match(stderr, new RegExp(`did you mean: ${guess}`), words.join(' '))
    const { error } = (await home.command([...words, '--json'])).json<{ error: { code: string } }>()
    assert.equal(error.code, 'USAGE')
  }
  const option = await home.warder(['audit', 'list', '--limt', '3'])
  assert.equal(option.code, 2)
  assert.match(option.stderr, /--limt.*--limit/)
})

/** The longest name it begins with: `setup mcp` is no `setup`. */
function nameIn(words: readonly string[]): string | undefined {
  const line = `${words.join(' ')} `
  return NAMES.filter((name) => line.startsWith(`${name} `)).toSorted((a, b) => b.length - a.length)[0]
}

test('every command that prints data gives one JSON document with --json', async () => {
  const file = join(home.workspace, 'expectations.json')
  const commands = [
    ['init'],
    ['status'],
    ['status', '--controls'],
    ['doctor'],
    ['version'],
    ['scan', 'command', '--json', '--', 'ls'],
    ['help'],
    ['help', 'capabilities'],
    ['policy', 'init'],
    ['policy', 'import', file],
    ['policy', 'show'],
    ['policy', 'check'],
    ['policy', 'reload'],
    ['egress', 'list'],
    ['taint', 'show'],
    ['taint', 'clear', 'a', '--reason', 'r', '--confirm', 'a'],
    ['airlock', 'show'],
    ['airlock', 'open', '--reason', 'a test'],
    ['airlock', 'close'],
    // nothing was written for it and nothing confirmed, so that none of these touches the machine
    ['health'],
    ['metrics'],
    ['emergency', 'check'],
    ['emergency', 'wipe', '--level', '3'],
    ['emergency', 'unlock', '--reason', 'r'],
    ['emergency', 'config', 'serial'],
    ['firewall', 'plan'],
    ['firewall', 'apply'],
    ['firewall', 'confirm'],
    ['firewall', 'rollback'],
    ['firewall', 'status'],
    ['firewall', 'allow', '--port', '80', '--from', '10.0.0.0/8', '--reason', 'r'],
    ['firewall', 'revoke', 'nosuch'],
    ['firewall', 'block', '203.0.113.7', '--why', 'r'],
    ['firewall', 'unblock', 'nosuch'],
    ['firewall', 'restore'],
    ['firewall', 'remove', '--confirm', 'no'],
    ['firewall', 'sysctl', 'diff'],
    ['firewall', 'resolver'],
    ['setup', 'mcp', '--dry-run'],
    ['mcp', 'list'],
    ['mcp', 'scan', '--client', 'cursor'],
    ['mcp', 'pins', 'list'],
    ['mcp', 'pins', 'diff'],
    ['mcp', 'pins', 'trust', 'x', '--reason', 'r', '--confirm', 'x'],
    ['mcp', 'pins', 'reset', 'x', '--reason', 'r', '--confirm', 'x'],
    ['mcp', 'receipts', 'key'],
    ['mcp', 'receipts', 'verify', file],
    ['scan', 'text', '--json', '--', 'hello'],
    ['scan', 'file', file],
    ['scan', 'dir', home.workspace],
    ['scan', 'url', 'http://127.0.0.1:9/'],
    ['scan', 'posture', 'keys'],
    ['scan', 'repository', home.workspace],
    ['scan', 'cloud', '--template', 'aws-read-logs'],
    ['setup', 'git', home.workspace],
    ['mcp', 'login', 'http://127.0.0.1:9/', '--server', 'x', '--secret', 'y', '--no-input'],
    ['integrity', 'status'],
    ['integrity', 'diff'],
    ['integrity', 'verify'],
    ['canary', 'list'],
    ['canary', 'check'],
    ['canary', 'remove', 'nosuch'],
    ['console', '--status'],
    ['console', 'totp', 'remove', '--no-input'],
    ['alerts', 'list'],
    ['watch', 'status'],
    ['watch', 'rules'],
    ['watch', 'explain', 'agent.denial-burst'],
    ['watch', 'test'],
    ['watch', 'reload'],
    ['outbox', 'list'],
    ['outbox', 'show', 'nobody'],
    ['outbox', 'take', 'nobody', join(home.workspace, 'taken')],
    ['policy', 'explain', 'a', 'fs:read:/x'],
    ['policy', 'test', file],
    ['grant', 'add', 'a', 'fs:read:/x', '--reason', 'r'],
    ['grant', 'list'],
    ['grant', 'revoke', 'nosuch'],
    ['audit', 'list'],
    ['audit', 'show', '1'],
    ['audit', 'verify'],
    ['audit', 'archive', '2020-01'],
    ['sandbox', 'list'],
    ['sandbox', 'probe'],
    ['sandbox', 'test', '--only', 'read-secret'],
    ['sandbox', 'explain', 'agent'],
    ['config', 'show'],
    ['config', 'explain', 'log.level'],
    ['config', 'path'],
    ['config', 'check'],
    ['service', 'install', '--dry-run'],
    ['service', 'show'],
    ['service', 'status'],
    ['service', 'uninstall', '--no-input'],
    ['completion', 'bash'],
    ['hook', 'list'],
    ['hook', 'release', 'nosuch'],
    ['setup', 'codex', '--dry-run'],
    ['setup', '--remove', 'codex'],
    ['changes', 'list'],
    ['changes', 'show', 'nobody'],
    ['changes', 'apply', 'nobody'],
    ['changes', 'discard', 'nobody', '--confirm', 'nobody'],
    ['snapshot', 'take'],
    ['snapshot', 'list'],
    ['snapshot', 'show', 'nosuch'],
    ['snapshot', 'restore', 'nosuch'],
    ['snapshot', 'drop', 'nosuch'],
    ['contain', 'nobody', '--reason', 'r'],
    ['recover', 'nosuch', '--by', 'b', '--cause', 'c', '--reason', 'r', '--confirm', 'nosuch'],
    ['incident', 'list'],
    ['incident', 'show', 'nosuch'],
    ['incident', 'ack', 'nosuch', '--by', 'b', '--cause', 'c'],
    ['incident', 'resolve', 'nosuch', '--by', 'b', '--reason', 'r', '--confirm', 'nosuch'],
    ['incident', 'retry', 'nosuch'],
    ['incident', 'playbook', 'credential', '--secret', 'nosuch', '--reason', 'r'],
    ['incident', 'step', 'nosuch', 'rotate', '--by', 'b', '--note', 'n'],
    ['incident', 'export', 'nosuch.json', '--id', 'nosuch'],
    ['incident', 'verify', 'nosuch.json'],
    ['quarantine', 'list'],
    ['quarantine', 'restore', 'nosuch', '--reason', 'r', '--confirm', 'nosuch'],
    ['owner', 'passphrase', 'check', '--no-input'],
    ['owner', 'reset', '--reason', 'r', '--confirm', 'no'],
    ['login', '--no-input'],
    ['logout'],
    ['session', 'list'],
    ['session', 'end', 'nosuch'],
    ['guest', 'invite', 'anna', '--scope', 'monitor:read'],
    ['guest', 'list'],
    ['guest', 'show', 'anna'],
    ['guest', 'revoke', 'anna'],
    ['guest', 'join', '--at', '/nowhere', '--no-input'],
    ['guest', 'exec', '--json', '--', 'true'],
    ['guest', 'status'],
    ['pair', '--at', '/nowhere'],
    ['pairing', 'request', '--at', '/nowhere'],
    ['pairing', 'list'],
    ['pairing', 'approve', 'ABCDEFGH'],
    ['pairing', 'reject', 'ABCDEFGH'],
    ['device', 'list'],
    ['device', 'revoke', 'nosuch'],
    ['device', 'rotate'],
    ['token', 'issue', 'a', '--task', 't', '--intent', 'i', '--capability', 'fs:read:/x'],
    ['token', 'list'],
    ['token', 'revoke', 'nosuch'],
    ['approval', 'list'],
    ['approval', 'show', 'nosuch'],
    ['approval', 'answer', 'nosuch', 'once'],
    ['allowance', 'list'],
    ['allowance', 'revoke', 'nosuch'],
    ['request', 'fs:read:/x', '--why', 'r'],
    ['trust', 'list'],
    ['trust', 'set', 'a', 'draft', '--reason', 'r'],
    ['budget', 'list'],
    ['budget', 'set', 'a', '--seconds', '60'],
    ['budget', 'reset', '--reason', 'a test', '--confirm', 'budgets'],
    ['scan', 'secret', file],
    ['autonomy', 'show'],
    ['autonomy', 'set', 'supervised'],
    ['secret', 'set', 'ci', '--store', 'environment'],
    ['secret', 'list'],
    ['secret', 'get', 'ci'],
    ['secret', 'bind', 'ci'],
    ['secret', 'rotate', 'ci', '--verified'],
    ['secret', 'check', '--modes'],
    ['secret', 'import', file, '--dry-run'],
    ['secret', 'unlock', '--no-input'],
    ['secret', 'lock'],
    ['secret', 'protect', 'remove', '--no-input'],
    ['secret', 'seal', 'ci', '--to', '/nowhere/boot'],
    ['secret', 'delete', 'ci', '--confirm', 'ci'],
    ['daemon', 'start'],
    ['stop', 'nobody', '--reason', 'r'],
    ['resume', 'nobody', '--reason', 'r', '--confirm', 'nobody'],
    ['integrity', 'baseline', '--reason', 'r'],
    ['canary', 'plant', 'dns'],
    ['daemon', 'stop'],
  ]
  for (const [at, words] of commands.entries()) {
    // now and then as it is shipped: a process each tells no more
    const say = at % 10 === 0 ? home.warder : home.command
    const result = await say([...words, '--json'])
    const value = result.json<object>()
    assert.equal(typeof value, 'object', words.join(' '))
    if (result.code === 0) assert.equal('error' in value, false, words.join(' '))
  }
  const tried = new Set(commands.map((words) => nameIn(words)))
  const streaming = [
    ...['run', 'exec', 'forward', 'hook', 'approve', 'audit follow', 'alerts follow', 'audit export'],
    ...['mcp wrap', 'mcp serve', 'mcp remote', 'emergency session'],
  ]
  assert.deepEqual(
    NAMES.filter((name) => !tried.has(name) && !streaming.includes(name)),
    [],
    'a new command belongs into this list',
  )
})

test('the man pages are well-formed', async (t) => {
  if (!needs(t, '/usr/bin/groff')) return
  const folder = mkdtempSync(join(tmpdir(), 'warder-man-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  assert.equal(await writeManPages(folder), globSync(`${folder}/*.1`).length)
  const pages = globSync(`${folder}/*.1`)
  const made = spawnSync('groff', ['-man', '-Tutf8', '-ww', ...pages], { encoding: 'utf8' })
  assert.deepEqual([made.status, made.stderr], [0, '']) // what it finds wrong it names with its file
  const plain = made.stdout.replaceAll(/.\u0008/g, '')
  const named = [...plain.matchAll(/^NAME\n +(warder[a-z-]*)/gm)].map(([, name]) => name)
  const expected = pages.map((page) => basename(page, '.1'))
  assert.deepEqual(new Set(named), new Set(expected))
})

test('the completion scripts are valid, and bash’s completes', async (t) => {
  if (!needs(t, '/usr/bin/bash')) return
  const { stdout } = await home.warder(['completion', 'bash'])
  const checked = spawnSync('bash', ['-n'], { input: stdout, encoding: 'utf8' })
  assert.deepEqual([checked.status, checked.stderr], [0, ''])
  const ask = `${stdout}
COMP_WORDS=(warder grant ''); COMP_CWORD=2; _warder; printf '%s\\n' "\${COMPREPLY[@]}"`
  const completed = spawnSync('bash', ['--norc', '-c', ask], { encoding: 'utf8' })
  assert.deepEqual(completed.stdout.trim().split('\n').toSorted(), ['add', 'list', 'revoke'])
  for (const shell of ['zsh', 'fish'] as const) {
    const script = await home.warder(['completion', shell])
    assert.equal(script.code, 0)
    if (!existsSync(`/usr/bin/${shell}`)) continue
    // fish reads no script from a socket
    const file = join(home.workspace, `warder.${shell}`)
    writeFileSync(file, script.stdout)
    assert.equal(spawnSync(shell, ['-n', file]).status, 0, shell)
  }
})

test('texts and pages name only commands there are', () => {
  const files = globSync(['src/**/*.ts', 'docs/**/*.md', 'README.md', 'CONTRIBUTING.md'], { cwd: ROOT })
    // the texts a model is trained with are anybody's
    .filter((file) => !file.endsWith('.test.ts') && !file.includes('/text/lines/'))
    .toSorted()
  assert.ok(files.length > 100)
  const nouns = new Set(NAMES.filter((name) => name.includes(' ')).map((name) => name.split(' ')[0] ?? ''))
  const alone = new Set(NAMES.filter((name) => !name.includes(' ')))
  const wrong: string[] = []
  let seen = 0
  for (const file of files) {
    // what is meant to be typed: in backticks, behind a fix, or at the beginning of a quoted or indented line
    const typed = /(?:[`'"(:;]\s?|^\s*(?:\$ )?|, then )warder ([a-z]+)(?: ([a-z]+))?/gm
    for (const [, noun = '', verb = ''] of readFileSync(join(ROOT, file), 'utf8').matchAll(typed)) {
      if (LABELS.has(noun)) continue
      seen += 1
      const words = `${noun} ${verb}`
      const isVerb = NAMES.some((name) => name === words || name.startsWith(`${words} `))
      const exists = alone.has(noun) || (nouns.has(noun) && (verb === '' || isVerb))
      if (!exists) wrong.push(`${file}: warder ${noun} ${verb}`.trim())
    }
  }
  assert.ok(seen > 80, `only ${seen} commands were found in the texts`)
  assert.deepEqual(wrong, [])
})
