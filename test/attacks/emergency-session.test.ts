import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { globSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { after, test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { readProcess } from '../../src/enforce/sandbox/processes.ts'
import { house, isAlive, until } from '../kit/house.ts'
import { owner } from '../kit/owner.ts'
import { needsTerminal, terminal } from '../kit/terminal.ts'

// A person who came in by the emergency way, at a terminal as sshd gives one: what they do is on record, what looks like a
// secret is not, and nobody goes on who is not recorded any more.

const WARDER = fileURLToPath(new URL('../../bin/warder', import.meta.url))
const home = house({ after })
const me = await owner({ after }, home)
const SECRET = `ghp${'_'}${'Ab3dE5gH7jK9mN1pQ3sT5vX7zB9dF1hJ2kL4'}`

function comeIn(t: TestContext, asked?: string) {
  const env = {
    ...home.environment,
    SSH_CONNECTION: '203.0.113.9 50000 10.0.0.1 22',
    ...(asked === undefined ? {} : { SSH_ORIGINAL_COMMAND: asked }),
  }
  return terminal(t, [WARDER, 'emergency', 'session'], { cwd: home.workspace, env, columns: 200, rows: 40 })
}

const transcripts = (): string[] => globSync(join(home.state, 'emergency/sessions/*.log')).toSorted()

/** What the record has of the newest session. */
async function onRecord() {
  const notes = (await me.ledger({ action: 'emergency:session' })).slice(-2)
  return notes.map(({ reason, details }) => ({ reason, details: details as Record<string, unknown> }))
}

/** The program that records, who reads what it records, and the shell in it. */
function recorder(): { script: number; reader: number; shell: number } {
  const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  const commandOf = (pid: string): string => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
    } catch {
      return '' // it ended meanwhile
    }
  }
  const script = Number(
    all.find((pid) => /^\/usr\/bin\/script\0/.test(commandOf(pid)) && commandOf(pid).includes(home.state)),
  )
  const shell = Number(all.find((pid) => readProcess(Number(pid))?.parent === script))
  return { script, reader: readProcess(script)?.parent ?? 0, shell }
}

test('what is typed and shown is kept with secrets masked, and the record has its digest', async (t) => {
  if (!needsTerminal(t)) return
  const session = comeIn(t)
  session.type('echo shown-$((6*7))\n')
  await session.shows(/shown-42/)
  session.type(`echo ${SECRET}\n`)
  await session.shows(new RegExp(`${SECRET}[^]*${SECRET}`)) // the person sees it
  session.type('exit 3\n')
  assert.equal(await session.exit, 3)

  const [path = ''] = transcripts()
  const text = readFileSync(path, 'utf8')
  assert.equal(statSync(path).mode & 0o777, 0o600)
  assert.match(text, /echo shown-\$\(\(6\*7\)\)[^]*shown-42/)
  assert.ok(!text.includes(SECRET), 'nobody who reads the transcript learns it')
  assert.match(text, /\[redacted [\w-]+ [0-9a-f]{8}\]/)
  const [begin, end] = await onRecord()
  assert.equal(begin?.details['from'], '203.0.113.9')
  assert.equal(end?.details['transcript_sha256'], createHash('sha256').update(text).digest('hex'))
  assert.equal(end?.details['exit_code'], 3)
  assert.deepEqual(globSync(join(home.state, 'emergency/sessions/*.pipe')), [], 'nothing is left of the pipe')
})

test('a command that was asked for is on record, and what it was given as a secret is not', async (t) => {
  if (!needsTerminal(t)) return
  const session = comeIn(t, `echo done ${SECRET}`)
  assert.equal(await session.exit, 0)
  const text = JSON.stringify(await onRecord())
  assert.match(text, /echo done \[redacted/)
  assert.ok(!text.includes(SECRET))
})

for (const part of ['reader', 'script'] as const) {
  test(`a session whose ${part === 'reader' ? 'keeper' : 'recorder'} is killed ends`, async (t) => {
    if (!needsTerminal(t)) return
    const session = comeIn(t)
    session.type('echo here-$((1+1))\n')
    await session.shows(/here-2/)
    const { [part]: killed, shell } = recorder()
    assert.ok(killed > 1 && isAlive(shell), 'it is recorded by somebody')
    process.kill(killed, 'SIGKILL')
    await until(() => !isAlive(shell), 'the shell ends', 20_000)
    assert.notEqual(await session.exit, 0)
    assert.match(readFileSync(transcripts().at(-1) ?? '', 'utf8'), /here-2/, 'what was shown before is kept')
  })
}
