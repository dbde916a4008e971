import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { PassThrough } from 'node:stream'
import { test, type TestContext } from 'node:test'
import type { Client } from '../client/connect.ts'
import { KINDS, KnownError, type ErrorKind } from '../core/error.ts'
import { systemClock } from '../platform/clock.ts'
import { command, type Registry } from './command.ts'
import { COMMANDS } from './commands/index.ts'
import { EXIT } from './exit.ts'
import { argument, durationOption, flag, integerOption, manyOption, option, rest } from './param.ts'
import { runCli, type World } from './run.ts'

interface Transcript {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

const GRANT_ADD = command({
  name: 'grant add',
  about: 'give an agent a capability for a time',
  examples: [{ run: 'warder grant add a fs:read:/x', does: 'x' }],
  args: { agent: argument('the agent'), capability: argument('what') },
  options: {
    for: durationOption('how long'),
    dryRun: flag('change nothing', { short: 'n' }),
    tag: manyOption('a tag'),
    reason: option('why'),
    most: integerOption('at most', 1, 9),
  },
  async run(input, { out }) {
    out.note('a note')
    out.detail('a detail')
    out.warn('a warning')
    out.result(input, `granted to ${input.agent}`)
  },
})

const RUN = command({
  name: 'run',
  about: 'run a command',
  examples: [{ run: 'warder run a -- ls', does: 'x' }],
  args: { agent: argument('the agent'), words: rest('the command') },
  options: { quick: flag('at once') },
  async run({ agent, words, quick }, { out }) {
    out.result({ agent, words, quick }, words.join('|'))
    return 42
  },
})

function failing(thrown: unknown): Registry {
  return {
    fail: async () =>
      command({
        name: 'fail',
        about: 'fail as told',
        examples: [{ run: 'warder fail', does: 'x' }],
        run: () => Promise.reject(thrown),
      }),
  }
}

const REGISTRY: Registry = { 'grant add': async () => GRANT_ADD, run: async () => RUN }

function world(
  t: TestContext,
  more: Partial<World> = {},
): { world: World; said: { out: string; err: string } } {
  const home = mkdtempSync(`${tmpdir()}/warder-`)
  t.after(() => rmSync(home, { recursive: true, force: true }))
  const said = { out: '', err: '' }
  return {
    said,
    world: {
      env: {},
      cwd: home,
      home,
      stdin: new PassThrough(),
      stdout: { write: (text) => (said.out += text) },
      stderr: { write: (text) => (said.err += text) },
      clock: systemClock,
      signal: new AbortController().signal,
      registry: REGISTRY,
      openClient: () => Promise.reject(new Error('no client in this test')),
      systemFile: `${home}/none`,
      ...more,
    },
  }
}

async function run(t: TestContext, line: string, more: Partial<World> = {}): Promise<Transcript> {
  const { world: here, said } = world(t, more)
  const code = await runCli(line === '' ? [] : line.split(' '), here)
  return { code, stdout: said.out, stderr: said.err }
}

test('arguments and options reach the command read and typed', async (t) => {
  const { code, stdout } = await run(
    t,
    'grant add builder fs:read --for 2h --tag a --tag=b -n --most 3 --json',
  )
  assert.equal(code, 0)
  assert.deepEqual(JSON.parse(stdout), {
    agent: 'builder',
    capability: 'fs:read',
    for: 7_200_000,
    dryRun: true,
    tag: ['a', 'b'],
    most: 3,
  })
})

test('results go to stdout and everything else to stderr', async (t) => {
  const plain = await run(t, 'grant add a b')
  assert.equal(plain.stdout, 'granted to a\n')
  assert.equal(plain.stderr, 'a note\nwarning: a warning\n')
  assert.equal((await run(t, 'grant add a b -q')).stderr, 'warning: a warning\n')
  assert.match((await run(t, 'grant add a b -v')).stderr, /a detail/)
})

test('with --json stdout holds one document, wherever the option stands', async (t) => {
  for (const line of ['--json grant add a b', 'grant add --json a b', 'grant add a b --json']) {
    assert.equal((JSON.parse((await run(t, line)).stdout) as { agent: string }).agent, 'a')
  }
})

test('what stands behind -- is left as it is', async (t) => {
  const { code, stdout } = await run(t, 'run builder --quick -- ls --json -- -h')
  assert.equal(code, 42)
  assert.equal(stdout, 'ls|--json|--|-h\n')
})

test('a command to run must be given behind --', async (t) => {
  const { code, stderr } = await run(t, 'run builder')
  assert.equal(code, EXIT.invalid)
  assert.match(stderr, /COMMAND is missing.*--/)
  const before = await run(t, 'run builder ls')
  assert.equal(before.code, EXIT.invalid)
  assert.match(before.stderr, /fix: put -- before it, as in: warder run builder -- ls\n/)
  assert.match(
    (await run(t, 'run builder sh -c ls')).stderr,
    /unknown option '-c'\n {2}fix: what is to run, .* behind --/,
  )
  assert.doesNotMatch((await run(t, 'run builder --prfile x -- ls')).stderr, /behind --/)
})

test('wrong usage says what, how to see more, and exits with 2', async (t) => {
  const lines: Record<string, RegExp> = {
    'grant add a': /missing required argument 'capability'/,
    'grant add a b c3cr3t': /too many arguments: warder grant add takes 2 arguments, and got 3\n/,
    'grant add a b --fro 1h': /unknown option '--fro'.*--for/,
    'grant add a b --for': /argument missing/,
    'grant add a b --for 2': /--for: "2" is not a duration/,
    'grant add a b --most 10': /--most: "10" is not a whole number from 1 to 9/,
    'grant add a b --set log.level': /is not KEY=VALUE/,
    'grant add a b --set log.level=debug --set log.level=info': /given twice/,
  }
  for (const [line, says] of Object.entries(lines)) {
    const { code, stdout, stderr } = await run(t, line)
    assert.equal(code, EXIT.invalid, line)
    assert.equal(stdout, '', line)
    assert.match(stderr, says)
    assert.match(stderr, /\n {2}fix: /)
  }
})

test('a misspelt option without a command is an error, not a call for help', async (t) => {
  for (const [line, says] of [
    ['--verison', /unknown option '--verison'\n {2}fix: did you mean: warder --version\n/],
    ['--jsno', /did you mean: warder --json/],
    ['--socket=/x --nosuchthing', /unknown option '--nosuchthing'\n {2}fix: see: warder --help/],
  ] as const) {
    const { code, stdout, stderr } = await run(t, line)
    assert.deepEqual([code, stdout], [EXIT.invalid, ''], line)
    assert.match(stderr, says)
  }
  for (const line of ['', '--help', '-h --no-color', '--socket /x', '-q'])
    assert.match((await run(t, line)).stdout, /^warder: lets AI agents/, line)
})

test('an unknown command is guessed at, and exits with 2', async (t) => {
  for (const [line, guess] of [
    ['grnat add x', 'warder grant add'],
    ['grant ad x', 'warder grant add'],
    ['rnu', 'warder run'],
  ] as const) {
    const { code, stderr } = await run(t, line)
    assert.equal(code, EXIT.invalid)
    assert.match(stderr, new RegExp(`did you mean: ${guess}`))
  }
  assert.match((await run(t, 'grant remove')).stderr, /use one of: grant add/)
  assert.match((await run(t, 'constructor')).stderr, /no command "constructor"/)
})

test('every kind of error has its exit code, for people and as JSON', async (t) => {
  for (const [kind, { exit }] of Object.entries(KINDS)) {
    const catalogue = { BROKEN: { kind: kind as ErrorKind, meaning: 'x' } }
    const error = new KnownError(catalogue, 'BROKEN', {
      what: 'it broke',
      where: 'a.yaml:1:2',
      fix: 'mend it',
    })
    const plain = await run(t, 'fail', { registry: failing(error) })
    assert.deepEqual(plain, {
      code: exit,
      stdout: '',
      stderr: 'error: it broke\n  where: a.yaml:1:2\n  fix: mend it\n',
    })
    const json = await run(t, 'fail --json', { registry: failing(error) })
    assert.equal(json.code, exit)
    assert.equal(json.stderr, '')
    assert.deepEqual(JSON.parse(json.stdout), {
      error: { code: 'BROKEN', kind, what: 'it broke', where: 'a.yaml:1:2', fix: 'mend it' },
    })
  }
})

test('a bug is short, exits with 1, and shows its place only with --verbose', async (t) => {
  const registry = failing(new TypeError('x is not a function'))
  const plain = await run(t, 'fail', { registry })
  assert.equal(plain.code, EXIT.bug)
  assert.equal(plain.stderr.trim().split('\n').length, 2)
  assert.match((await run(t, 'fail -v', { registry })).stderr, /at .*run\.test\.ts/)
})

test('an error cannot move the cursor or reorder what is read', async (t) => {
  const { stderr } = await run(t, 'fail', { registry: failing(new Error('\u001b[2Jgone \u202eevil')) })
  assert.match(stderr, /\\u\{1b\}\[2Jgone \\u\{202e\}evil/)
})

test('help is asked for anywhere, begins with examples and exits with 0', async (t) => {
  for (const line of ['grant add --help', 'grant add a -h', 'run builder --help']) {
    const { code, stdout } = await run(t, line)
    assert.equal(code, 0)
    const headings = ['Examples', 'Usage', 'Options'].map((heading) => stdout.indexOf(`\n${heading}`))
    assert.ok(headings[0]! > 0 && headings[0]! < headings[1]! && headings[1]! < headings[2]!, stdout)
  }
  for (const line of ['', '--help']) {
    const { code, stdout } = await run(t, line)
    assert.equal(code, 0)
    assert.match(stdout, /^ {2}grant /m)
  }
  for (const line of ['grant', 'help commands']) {
    const { code, stdout } = await run(t, line, { registry: COMMANDS })
    assert.equal(code, 0)
    assert.match(stdout, /^ {2}grant add /m)
  }
})

test('a configuration that is wrong stops every command that needs one', async (t) => {
  const bad = await run(t, 'grant add a b', { env: { WARDER_PROFILE: 'x' } })
  assert.equal(bad.code, EXIT.invalid)
  assert.match(bad.stderr, /where: WARDER_PROFILE/)
  assert.equal((await run(t, 'help', { registry: COMMANDS, env: { WARDER_PROFILE: 'x' } })).code, 0)
})

test('a profile that protects less says so on stderr, unless it is quiet', async (t) => {
  assert.match((await run(t, 'grant add a b --set profile=dev')).stderr, /^profile dev/)
  assert.doesNotMatch((await run(t, 'grant add a b --set profile=dev -q')).stderr, /profile dev/)
  assert.doesNotMatch((await run(t, 'grant add a b')).stderr, /profile/)
})

test('global options become settings', async (t) => {
  const line = 'config explain paths.socket --socket /run/x.sock --json'
  const { stdout } = await run(t, line, { registry: COMMANDS })
  const { value, layer } = JSON.parse(stdout) as { value: string; layer: string }
  assert.deepEqual([value, layer], ['/run/x.sock', 'flag'])
})

test('Ctrl-C ends a command with 130, and one that handles it is left to', async (t) => {
  const interrupt = new AbortController()
  const patient = (handlesInterrupt: boolean): Registry => ({
    wait: async () =>
      command({
        name: 'wait',
        about: 'wait for the end',
        examples: [{ run: 'warder wait', does: 'x' }],
        handlesInterrupt,
        run: (_input, { signal }) =>
          new Promise((resolve) => {
            if (handlesInterrupt) signal.addEventListener('abort', () => setImmediate(resolve, 7))
            setImmediate(() => interrupt.abort())
          }),
      }),
  })
  const given = { signal: interrupt.signal }
  assert.equal((await run(t, 'wait', { ...given, registry: patient(true) })).code, 7)
  assert.equal((await run(t, 'wait', { ...given, registry: patient(false) })).code, EXIT.interrupted)
})

test('the client is opened once, only when it is wanted, and closed afterwards', async (t) => {
  const seen: string[] = []
  const client = { close: () => void seen.push('close') } as Partial<Client> as Client
  const openClient = async (): Promise<Client> => {
    seen.push('open')
    return client
  }
  const registry: Registry = {
    ask: async () =>
      command({
        name: 'ask',
        about: 'ask the daemon',
        examples: [{ run: 'warder ask', does: 'x' }],
        async run(_input, context) {
          assert.equal(await context.client(), await context.client())
          throw new Error('after opening')
        },
      }),
  }
  await run(t, 'ask', { registry, openClient })
  await run(t, 'grant add a b', { openClient })
  assert.deepEqual(seen, ['open', 'close'])
})

test('colour appears on a terminal alone, and not with NO_COLOR, TERM=dumb or --no-color', async (t) => {
  const said: string[] = []
  const terminal = { isTTY: true, columns: 80, write: (text: string) => said.push(text) }
  const bold = async (line: string, env: World['env'] = {}): Promise<boolean> => {
    said.length = 0
    await run(t, line, { stdout: terminal, env })
    assert.ok(said.join('').includes('Examples'))
    return said.join('').includes('\u001b[1m')
  }
  assert.equal(await bold('run -h'), true)
  assert.equal(await bold('run -h --no-color'), false)
  assert.equal(await bold('run -h', { NO_COLOR: '1' }), false)
  assert.equal(await bold('run -h', { NO_COLOR: '' }), true)
  assert.equal(await bold('run -h', { TERM: 'dumb' }), false)
  assert.ok(!(await run(t, 'run -h')).stdout.includes('\u001b'))
})
