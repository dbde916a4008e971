import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { house, until } from '../kit/house.ts'
import { owner } from '../kit/owner.ts'

// Words that a command line, a shell or a log could take for something else, and secrets that must not get around.

const home = house({ after })
const me = await owner({ after }, home)
const SHOW = ['/usr/bin/printf', '<%s>\\n']

function run(words: readonly string[], more: { env?: Record<string, string>; cwd?: string } = {}) {
  return home.warder(['run', '--agent', 'worder', '--', ...words], more)
}

const ODD: readonly string[] = [
  '-n',
  '--',
  '--help',
  '--agent=other',
  '--set',
  'a b',
  ' ',
  '',
  'two\nlines',
  'tab\tand\rreturn',
  `it's "quoted"`,
  '$(id)',
  '`id`',
  '; rm -rf /',
  '| cat',
  '%s%n',
  '*',
  '~',
  '${HOME}',
  '\\',
  'ünïcödé',
  '\u202eevil',
  '-',
  '{}',
]

test('every word arrives as it was given, none is taken for an option or by a shell', async () => {
  const { code, stdout, stderr } = await run([...SHOW, ...ODD])
  assert.equal(code, 0, stderr)
  assert.equal(stdout, ODD.map((word) => `<${word}>\n`).join(''))
  const asked = await me.entry({ action: 'agent:start', target: 'worder', decision: 'allow' })
  const { command } = asked['details'] as { command: string }
  assert.equal(command, [...SHOW, ...ODD].join(' ')) // and is recorded as it ran
})

test('what was decided is what runs: the same words through exec, and a program with a hyphen', async () => {
  const executed = await home.warder(['exec', '--', ...SHOW, ...ODD])
  assert.equal(executed.code, 0, executed.stderr)
  assert.equal(executed.stdout, ODD.map((word) => `<${word}>\n`).join(''))
  const name = '-rf --x'
  writeFileSync(join(home.workspace, name), '#!/bin/sh\necho "named $#"\n', { mode: 0o755 })
  const named = await run([`./${name}`, '-v'])
  assert.equal(named.stdout, 'named 1\n', named.stderr)
})

test('a workspace with an odd name is the workspace', async () => {
  for (const name of ['-odd', 'with space', `quote'"s`, '--', '$(id)', 'ünï']) {
    const workspace = join(home.home, 'odd', name)
    mkdirSync(workspace, { recursive: true })
    writeFileSync(join(workspace, 'file'), `${name} content`)
    const result = await run(['/bin/cat', 'file'], { cwd: workspace })
    assert.deepEqual([result.code, result.stdout], [0, `${name} content`], result.stderr)
  }
})

test('a workspace whose name no rule can speak of is refused, and spoils nothing for others', async () => {
  for (const name of ['new\nline', 'star*', 'back\\slash']) {
    const workspace = join(home.home, 'odd', name)
    mkdirSync(workspace, { recursive: true })
    const result = await run(['/bin/true'], { cwd: workspace })
    assert.equal(result.code, 2, result.stderr)
    assert.match(result.stderr, /cannot be the workspace/)
    const honest = await run(['/bin/echo', 'goes on'])
    assert.equal(honest.stdout, 'goes on\n', honest.stderr)
  }
})

test('an argument larger than is taken is refused with a reason, and one within is whole', async () => {
  const inside = await me.open({ argv: ['/usr/bin/printf', '%s', 'x'.repeat(100_000)] })
  assert.equal((await me.attach(inside.permit)).stdout.length, 100_000)
  await assert.rejects(
    me.call('open', {
      kind: 'run',
      agent: 'worder',
      workspace: home.workspace,
      environment: {},
      argv: ['/bin/echo', 'x'.repeat(1024 * 1024)],
    }),
    {
      code: 'INPUT_INVALID',
      where: 'argv.1',
    },
  )
})

test('a directory whose name is not UTF-8 is refused or entered, never taken for another', async () => {
  const parent = Buffer.from(join(home.home, 'bytes-'))
  const bad = Buffer.concat([parent, Buffer.from([0xff, 0xfe])])
  const twin = join(home.home, 'bytes-\ufffd\ufffd')
  mkdirSync(bad)
  mkdirSync(twin)
  writeFileSync(join(twin, 'file'), 'of the twin\n')
  const cd = `cd "$(printf '%s\\377\\376' "$1")" && shift && exec "$@"`
  const warder = new URL('../../bin/warder', import.meta.url).pathname
  const words = [warder, 'run', '--agent', 'worder', '--', '/bin/cat', 'file']
  const result = spawnSync('/bin/sh', ['-c', cd, 'sh', String(parent), ...words], {
    env: home.environment,
    timeout: 60_000,
  })
  assert.equal(result.status, 2, String(result.stderr))
  assert.equal(String(result.stdout), '')
  assert.match(String(result.stderr), /not UTF-8/)
  const honest = await run(['/bin/cat', 'file'], { cwd: twin })
  assert.equal(honest.stdout, 'of the twin\n', honest.stderr)
})

test('a flood of output is cut where the profile says, and the process with it', async () => {
  const kib = (count: number) => `head -c ${count * 1024} /dev/zero`
  const fits = await home.warder(['exec', '--', '/bin/sh', '-c', kib(512)])
  assert.deepEqual([fits.code, fits.stdout.length], [0, 512 * 1024], fits.stderr)
  const flood = await home.warder(['exec', '--', '/bin/sh', '-c', `trap '' PIPE TERM; yes flood; echo after`])
  assert.equal(flood.code, 137, flood.stderr)
  assert.match(flood.stderr, /output limit/)
  assert.ok(flood.stdout.length <= 1024 * 1024 + 64 * 1024, String(flood.stdout.length))
  await until(async () => (await me.call('runs', {})).runs.length === 0, 'nothing runs on')
  const entry = await me.entry({ action: 'process:spawn', result: 'violation' })
  assert.match(entry.reason, /more than 1048576 bytes/)
})

// put together here, so that no scanner takes this file for one that leaks
const CANARY = 'canary7'
const SECRETS: Readonly<Record<string, string>> = {
  AWS_SECRET_ACCESS_KEY: `wJalrXUtnFEMI${CANARY}EXAMPLEKEY`,
  GITHUB_TOKEN: ['ghp', `${CANARY}aaaabbbbccccddddeeeeffff0000`].join('_'),
  DATABASE_URL: `postgres://user:${CANARY}pw@localhost/db`,
  MY_PASSWORD: `${CANARY}-pass`,
}

test('secrets in the environment reach neither the sandbox, nor a file of Warder’s, nor a command line', async () => {
  const script = 'env; cat /proc/self/environ /proc/1/environ; sleep 600'
  const child = home.start(['run', '--agent', 'nosy', '--', '/bin/sh', '-c', `${script}`], {
    env: { ...SECRETS, LANG: 'C.UTF-8' },
  })
  const chunks: string[] = []
  child.stdout?.on('data', (chunk: Buffer) => chunks.push(String(chunk)))
  child.stderr?.on('data', (chunk: Buffer) => chunks.push(String(chunk)))
  await until(() => chunks.join('').includes('WARDER_PATHS_SOCKET'), 'it has shown its environment', 60_000)
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const line = readOrNothing(`/proc/${pid}/cmdline`)
    assert.ok(!line.includes(CANARY), line)
  }
  await me.call('stop', { agent: 'nosy', reason: 'the test is over' })
  assert.match(chunks.join(''), /^LANG=C\.UTF-8$/m) // what is no secret came through
  assert.ok(!chunks.join('').includes(CANARY), chunks.join(''))
  for (const file of filesBelow(home.home)) assert.ok(!readFileSync(file).includes(CANARY), file)
})

test('a secret on a command line is not written down', async () => {
  const { GITHUB_TOKEN: token = '' } = SECRETS
  const result = await run([
    '/bin/sh',
    '-c',
    'echo "$0 has $#"',
    'tool',
    `--token=${token}`,
    '--password',
    'canary7-words',
  ])
  assert.equal(result.stdout, 'tool has 3\n')
  await me.entry({ action: 'agent:start', target: 'worder' })
  const text = JSON.stringify(await me.ledger())
  assert.ok(!text.includes(token))
  assert.ok(!text.includes('canary7-words'))
  for (const file of filesBelow(home.home)) assert.ok(!readFileSync(file).includes(CANARY), file)
})

function readOrNothing(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return '' // ended while we looked
  }
}

function filesBelow(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .map((name) => join(directory, name))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile() === true)
}
