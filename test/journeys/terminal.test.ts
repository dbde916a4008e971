import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test, type TestContext } from 'node:test'
import { house } from '../kit/house.ts'
import { needsTerminal, terminal, type Terminal } from '../kit/terminal.ts'

const home = house({ after })
const WARDER = new URL('../../bin/warder', import.meta.url).pathname

/** `warder run` in a terminal of 100 x 30. */
function inTerminal(t: TestContext, ...command: string[]): Terminal {
  return onTerminal(t, [WARDER, 'run', '-q', '--', ...command])
}

function onTerminal(t: TestContext, argv: readonly string[]): Terminal {
  return terminal(t, argv, { cwd: home.workspace, env: home.environment, columns: 100, rows: 30 })
}

test('inside there is a terminal of the same size, and colours pass through it', async (t) => {
  if (!needsTerminal(t)) return
  const script =
    'test -t 0 && test -t 1 && test -t 2 && echo all-three; stty size; printf "\\033[31mred\\033[0m\\n"'
  const screen = inTerminal(t, 'sh', '-c', script)
  assert.equal(await screen.exit, 0, screen.screen())
  await screen.shows(/all-three\r\n30 100\r\n\x1b\[31mred\x1b\[0m\r\n/)
})

test('a bare line feed stays one, as full-screen programs need it', async (t) => {
  if (!needsTerminal(t)) return
  const screen = inTerminal(t, 'sh', '-c', 'stty -opost; printf "above\\nbelow"')
  assert.equal(await screen.exit, 0)
  await screen.shows(/above\nbelow/)
})

test('a terminal that is resized is resized inside, and whoever runs there is told', async (t) => {
  if (!needsTerminal(t)) return
  const script = 'trap "stty size; exit 0" WINCH; echo ready; while :; do sleep 0.1; done'
  const screen = inTerminal(t, 'sh', '-c', script)
  await screen.shows(/ready/)
  screen.resize(120, 40)
  assert.equal(await screen.exit, 0)
  await screen.shows(/40 120/)
})

test('Ctrl-C goes to the agent, which ends with 130', async (t) => {
  if (!needsTerminal(t)) return
  const screen = inTerminal(t, 'sh', '-c', 'echo ready; exec sleep 1000')
  await screen.shows(/ready/)
  screen.type('\x03')
  assert.equal(await screen.exit, 130)
})

test('a shell inside has job control: Ctrl-Z stops a job, fg brings it back', async (t) => {
  if (!needsTerminal(t)) return
  if (!existsSync('/usr/bin/bash')) return t.skip('no bash here: job control was NOT tried')
  const screen = inTerminal(t, 'bash', '--norc', '-i')
  screen.type('PS1="at-prompt> "\n')
  await screen.shows(/hat-prompt> $/)
  screen.type('sh -c "echo sleep-began; exec sleep 1000"\n')
  await screen.shows(/[\r\n]sleep-began\r/)
  screen.type('\x1a')
  await screen.shows(/Stopped/)
  screen.type('fg\n')
  await screen.shows(/Stopped[\s\S]*[\r\n](sh -c|sleep) /)
  screen.type('\x03')
  screen.type('echo back-$((40 + 2)); exit 9\n')
  await screen.shows(/back-42/)
  assert.equal(await screen.exit, 9, screen.screen())
})

test('the terminal is given back as it was, also when the run is ended by its time limit', async (t) => {
  if (!needsTerminal(t)) return
  const run = `${WARDER} run -q --timeout 1s -- sh -c 'echo ready; exec sleep 1000'`
  const script = `stty -g > before; ${run}; echo "code $?"; stty -g > after; echo end`
  const screen = onTerminal(t, ['/bin/sh', '-c', script])
  assert.equal(await screen.exit, 0)
  await screen.shows(/time limit[^\n]*\r\n.*code 124\r\nend/)
  const modes = (name: string) => readFileSync(join(home.workspace, name), 'utf8')
  assert.equal(modes('after'), modes('before'))
})

test('a full-screen editor can be used and left', async (t) => {
  if (!needsTerminal(t)) return
  if (!existsSync('/usr/bin/vi')) return t.skip('no vi here: a full-screen program was NOT tried')
  const screen = inTerminal(t, 'vi', '-u', 'NONE', 'edited.txt')
  await screen.shows(/edited\.txt/)
  screen.type('ifrom inside\x1b')
  await screen.shows(/from inside/)
  screen.type(':wq\r')
  assert.equal(await screen.exit, 0, screen.screen())
  assert.equal(readFileSync(join(home.workspace, 'edited.txt'), 'utf8'), 'from inside\n')
})

test('without a terminal there is none inside, and what is piped in arrives', async () => {
  const script = 'test -t 0 && echo tty-in; test -t 1 && echo tty-out; cat'
  const { code, stdout } = await home.warder(['run', '-q', '--', 'sh', '-c', script], {
    input: 'piped\nin\n',
  })
  assert.equal(code, 0)
  assert.equal(stdout, 'piped\nin\n')
})

for (const [signal, code] of [
  ['SIGINT', 41],
  ['SIGTERM', 42],
] as const) {
  test(`${signal} sent to warder reaches the agent, whose answer counts`, async () => {
    const script = `trap 'exit 41' INT; trap 'exit 42' TERM; echo ready; while :; do sleep 0.1; done`
    const run = home.start(['run', '-q', '--', 'sh', '-c', script])
    const ended = new Promise((resolve) => void run.once('close', resolve))
    await new Promise((resolve) => run.stdout?.once('data', resolve))
    run.kill(signal)
    assert.equal(await ended, code)
  })
}

test('a run whose reader goes away ends', async () => {
  writeFileSync(join(home.workspace, 'lines.sh'), 'while :; do echo line; done\n')
  const run = home.start(['run', '-q', '--', 'sh', 'lines.sh'])
  const ended = new Promise((resolve) => void run.once('close', resolve))
  await new Promise((resolve) => run.stdout?.once('data', resolve))
  run.stdout?.destroy()
  await ended
  const { runs } = (await home.warder(['status', '--json'])).json<{ runs: unknown[] }>()
  assert.deepEqual(runs, [])
})

test('what an agent asks the terminal just before it ends is typed into no shell, and its modes end with it', async (t) => {
  if (!needsTerminal(t)) return
  const asks = `printf 'asked \\033[6n\\033[?1049h\\033[8m'`
  const script = `${WARDER} run -q -- sh -c "${asks}"; read -t 1 typed; echo "shell was given: <$typed>"`
  const screen = onTerminal(t, ['/bin/bash', '-c', script])
  await screen.shows(/\x1b\[\?\d+\$p\x1b\[5n/)
  const [, mode] = /\x1b\[\?(\d+)\$p/.exec(screen.screen())!
  screen.type(`\x1b[24;80R\x1b[?${mode};0$y\x1b[0n`)
  await screen.shows(/\x1b\[\?1049l[^]*\x1b\[0m[^]*shell was given: <>/)
  assert.equal(await screen.exit, 0)
})
