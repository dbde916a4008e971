import assert from 'node:assert/strict'
import { existsSync, mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import { after, test, type TestContext } from 'node:test'
import { house, until } from '../kit/house.ts'
import { needsTerminal, terminal, type Terminal } from '../kit/terminal.ts'

// Coding agents from npm, as far as they come without a network. They are installed by themselves, because they are
// large: npm ci --prefix test/tools --ignore-scripts

const home = house({ after })
const WARDER = new URL('../../bin/warder', import.meta.url).pathname
const MODULES = new URL('../tools/node_modules/', import.meta.url).pathname
/** The package's own launcher only looks for this program, which an install script would put in its place. */
const CLAUDE = join(MODULES, `@anthropic-ai/claude-code-linux-${process.arch}/claude`)
const CODEX = join(MODULES, '.bin/codex')

function needs(t: TestContext, program: string): boolean {
  if (existsSync(program)) return true
  t.skip(`not installed (npm ci --prefix test/tools --ignore-scripts): NOT tried`)
  return false
}

/** On a terminal of 100 x 30, as somebody sits at it. */
function atTerminal(t: TestContext, program: string): Terminal {
  const { NO_COLOR: _colours, ...env } = home.environment
  const argv = [WARDER, 'run', '-q', '--timeout', '90s', '--', program]
  return terminal(t, argv, { cwd: mkdtempSync(join(home.home, 'tty-')), env, columns: 100, rows: 30 })
}

for (const [name, program, version] of [
  ['Claude Code', CLAUDE, /^\d+\.\d+\.\d+ \(Claude Code\)$/m],
  ['Codex', CODEX, /^codex-cli \d+\.\d+\.\d+$/m],
] as const) {
  test(`${name} tells its version and its options`, async (t) => {
    if (!needs(t, program)) return
    const told = await home.warder(['run', '-q', '--', program, '--version'])
    assert.equal(told.code, 0, told.stderr)
    assert.match(told.stdout, version)
    const help = await home.warder(['run', '-q', '--', program, '--help'])
    assert.equal(help.code, 0, help.stderr)
    assert.match(help.stdout, /^Usage: /m)
  })
}

test('Claude Code draws its first screen in colours, is let reach nobody, says so, and gives the terminal back', async (t) => {
  if (!needs(t, CLAUDE) || !needsTerminal(t)) return
  const screen = atTerminal(t, CLAUDE)
  await screen.shows(/\x1b\[38;5;\d+m[^]*Welcome[^]*Claude[^]*Code/)
  // nothing lets it reach its model: the proxy said no, and its own screen says so
  await screen.shows(/api\.anthropic\.com[^]*ERR_PROXY_TUNNEL/)
  assert.equal(await screen.exit, 1)
  assert.match(screen.screen(), /\x1b\[\?25h[^]*$/, 'the cursor shows again')
  const refused = await home.warder([
    'audit',
    'list',
    '--action',
    'net:connect',
    '--decision',
    'deny',
    '--json',
  ])
  assert.match(refused.stdout, /"target": "api\.anthropic\.com:443"/)
})

/** What stands on a screen, without where and in which colour. */
function words(screen: string): string {
  return screen.replaceAll(/\x1b\[[\d;?<>=]*[A-Za-z]/g, ' ').replaceAll(/\s+/g, ' ')
}

/** Presses a key until the screen shows what it does: while it starts, a program may throw away what was typed. */
async function press(screen: Terminal, key: string, what: RegExp): Promise<void> {
  const start = screen.screen().length
  const shown = (): string => words(screen.screen().slice(start))
  for (let i = 0; i < 60 && !what.test(shown()); i += 1) {
    screen.type(key)
    await until(() => what.test(shown()), 'an answer to a key', 1000).catch(() => undefined)
  }
  assert.match(shown(), what)
}

test('Codex has a whole terminal: colours, keys, another size, and Ctrl-C', async (t) => {
  if (!needs(t, CODEX) || !needsTerminal(t)) return
  const screen = atTerminal(t, CODEX)
  await until(() => words(screen.screen()).includes('Sign in with ChatGPT'), 'the first screen', 60_000)
  assert.match(screen.screen(), /\x1b\[(\d+;)*3\d/, 'in colours')
  screen.type('\x1b[1;1R') // as a terminal answers who asks where the cursor stands
  await press(screen, '\x1b[B', /> *[23]\./)
  const drawn = screen.screen().length
  screen.resize(70, 20)
  // it asks its terminal where the cursor stands before it draws anew
  await screen.shows(new RegExp(`^[^]{${drawn}}[^]*\\x1b\\[6n`))
  screen.type('\x1b[1;1R')
  await press(screen, '\x1b[A', /> *[123]\./)
  const places = [
    ...screen
      .screen()
      .slice(drawn)
      .matchAll(/\x1b\[(\d+);(\d+)H/g),
  ]
  assert.ok(places.length > 0)
  for (const [, row, column] of places) assert.ok(Number(row) <= 20 && Number(column) <= 70)
  // a key like others in its raw terminal: it quits in good order, and gives the screen back
  screen.type('\x03')
  assert.equal(await screen.exit, 0)
  await screen.shows(/\x1b\[\?1049l/)
})
