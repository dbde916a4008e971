import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { after, test } from 'node:test'
import { boxes, needs } from '../kit/box.ts'

// Ways to use the terminal the user sits at. `script` gives the program a terminal to sit at.

const { house } = boxes({ after })
const SCRIPT = '/usr/bin/script'
const WARDER = new URL('../../bin/warder', import.meta.url).pathname

async function atTerminal(
  command: string,
  type: readonly (readonly [RegExp, string])[] = [],
): Promise<string> {
  const child = spawn(SCRIPT, ['-qec', `${WARDER} run --agent sitting -- ${command}`, '/dev/null'], {
    cwd: house.workspace,
    env: house.environment,
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const timer = setTimeout(() => child.kill('SIGKILL'), 60_000)
  const waiting = [...type]
  const state = { seen: '' }
  child.stdout.on('data', (chunk: Buffer) => {
    state.seen += String(chunk)
    const [next] = waiting
    if (next?.[0].test(state.seen) === true) child.stdin.write(waiting.shift()?.[1] ?? '')
  })
  await new Promise((done) => child.once('close', done))
  clearTimeout(timer)
  return state.seen
}

test('nothing can be typed into a terminal: not its own, not the one the user sits at', async (t) => {
  if (!needs(t, SCRIPT) || !needs(t, '/usr/bin/perl')) return
  const script = `print -t STDIN ? "a terminal\\n" : "none\\n"; for my $r (0x5412, 0x541c) { for my $f (0, 1, 2) { my $c = "x"; open(my $h, "<&=", $f); print ioctl($h, $r, $c) ? "TYPED" : "refused", "\\n" } } open(my $tty, "<", "/dev/tty") or print "no tty\\n"; my $c = "x"; print ioctl($tty, 0x5412, $c) ? "TYPED" : "refused", "\\n"`
  const seen = await atTerminal(`perl -e '${script.replaceAll("'", "'\\''")}'`)
  assert.match(seen, /a terminal/)
  assert.equal(seen.match(/refused/g)?.length, 7)
  assert.doesNotMatch(seen, /TYPED/)
})

test('its terminal is another one than the one the user sits at', async (t) => {
  if (!needs(t, SCRIPT)) return
  const seen = await atTerminal(
    `sh -c 'ps -o tty= -p $$ 2>/dev/null; ls /dev/pts | tr "\\n" ,; echo; echo looked'`,
  )
  assert.match(seen, /ptmx,/)
  assert.doesNotMatch(seen, /\d+,ptmx/)
  assert.match(seen, /looked/)
})

test('an interrupt typed by the user reaches the command, which may handle it', async (t) => {
  if (!needs(t, SCRIPT)) return
  const seen = await atTerminal(
    `sh -c 'trap "echo interrupted; exit 0" INT; echo ready; while :; do sleep 1; done'`,
    [[/ready/, '\u0003']],
  )
  assert.match(seen, /interrupted/)
})
