/**
 * The main job on a real machine, in under a minute: an agent that does honest work and then tries what it should not,
 * each answer with the layer and the rule that gave it, its changes taken or left out, the record verified, a tampered
 * copy refused, a busy agent stopped. Everything happens in a temporary home; nothing of the user's is touched.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  copyFileSync,
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { DatabaseSync } from 'node:sqlite'
import { styleText } from 'node:util'
import { buildNative, isNativeCurrent } from './native.ts'

const WARDER = new URL('../bin/warder', import.meta.url).pathname
const AGENT = new URL('./demo/agent.mjs', import.meta.url).pathname

const home = mkdtempSync(join(tmpdir(), 'wd-'))
// outside of the home, which is closed to the ordinary user an agent becomes when root runs this
const projects = mkdtempSync(join(tmpdir(), 'wp-'))
const place = {
  project: join(projects, 'project'),
  other: join(projects, 'other'),
  ssh: join(home, '.ssh'),
  runtime: join(home, 'run'),
}
const environment = {
  HOME: home,
  PATH: process.env['PATH'] ?? '',
  XDG_RUNTIME_DIR: place.runtime,
  LANG: 'C.UTF-8',
  TERM: process.env['TERM'] ?? 'dumb',
}
const ledger = join(home, '.local/state/warder/audit')
const NOBODY = 65534
let failures = 0

const paint = (style: Parameters<typeof styleText>[0], text: string): string =>
  styleText(style, text, { stream: process.stdout })
const transcript: string[] = []
const say = (text = ''): void => {
  transcript.push(text.replaceAll(home, '~').replaceAll(projects, '~'))
  process.stdout.write(`${text}\n`)
}
const heading = (text: string): void => say(`\n${paint('bold', text)}`)

/** Shows one result, and remembers when it was not what Warder promises. */
function show(isAsPromised: boolean, said: string, what: string, why: string): void {
  if (!isAsPromised) failures += 1
  const colour = !isAsPromised
    ? 'magenta'
    : said === 'allowed' || said === 'verified' || said === 'stopped'
      ? 'green'
      : 'red'
  say(`  ${paint(colour, said.padEnd(9))} ${what}`)
  say(`            ${paint('dim', isAsPromised ? why : `NOT AS PROMISED: ${why}`)}`)
}

function warder(...args: string[]): { code: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(WARDER, args, {
    cwd: place.project,
    env: environment,
    encoding: 'utf8',
    timeout: 120_000,
  })
  return { code: status, stdout, stderr }
}

function json<T>(...args: string[]): T {
  const { stdout, stderr, code } = warder(...args, '--json')
  try {
    return JSON.parse(stdout) as T
  } catch {
    throw new Error(`warder ${args.join(' ')} (exit ${code}) printed no JSON:\n${stdout}${stderr}`)
  }
}

function makeProject(): void {
  for (const directory of [place.project, place.other, place.ssh, place.runtime])
    mkdirSync(directory, { recursive: true, mode: 0o700 })
  writeFileSync(join(place.ssh, 'id_ed25519'), 'not a real key, but a real file\n', { mode: 0o600 })
  writeFileSync(join(place.other, 'notes.txt'), "another agent's notes\n")
  writeFileSync(join(place.project, 'sum.mjs'), 'export const sum = (a, b) => a - b\n')
  writeFileSync(
    join(place.project, 'sum.test.mjs'),
    "import assert from 'node:assert/strict'\nimport { test } from 'node:test'\nimport { sum } from './sum.mjs'\ntest('sum adds', () => assert.equal(sum(2, 3), 5))\n",
  )
  mkdirSync(join(place.project, '.git/hooks'), { recursive: true })
  writeFileSync(join(place.project, '.git/HEAD'), 'ref: refs/heads/main\n')
  copyFileSync(AGENT, join(place.project, 'agent.mjs'))
  giveToOrdinaryUser()
}

/** Root's own projects would leave the agent root's user id; a project of somebody else's does not. */
function giveToOrdinaryUser(): void {
  if (process.getuid?.() !== 0) return
  chmodSync(projects, 0o755)
  for (const path of globSync(['**', '**/.git', '**/.git/**'], { cwd: projects }))
    chownSync(join(projects, path), NOBODY, NOBODY)
}

interface Attempt {
  readonly name: string
  readonly done: boolean
  readonly detail: string
}

interface Explained {
  readonly decision: { readonly effect: string; readonly layer: string; readonly rule: string }
}

const HONEST = ['edit', 'test']
const TITLES: Readonly<Record<string, string>> = {
  edit: 'edit a file in its workspace',
  test: 'run the tests',
  key: 'read ~/.ssh/id_ed25519',
  hook: 'write .git/hooks/pre-commit',
  network: 'connect to a server on this machine',
  bomb: 'start 400 processes',
  neighbour: "read another agent's workspace",
  ledger: 'write into the ledger',
  grant: 'grant itself fs:read:/**',
}

/** The layer and rule behind what the agent ran into. */
function reasonFor(name: string, port: number): string {
  const asked: Readonly<Record<string, string>> = {
    edit: `fs:write:${place.project}/sum.mjs`,
    key: `fs:read:${place.ssh}/id_ed25519`,
    neighbour: `fs:read:${place.other}/notes.txt`,
    ledger: `fs:write:${ledger}/segment-00000001.db`,
    network: `net:connect:127.0.0.1:${port}`,
    grant: 'grant:add:demo',
  }
  const capability = asked[name]
  if (capability === undefined || name === 'edit') return FROM_SANDBOX[name] ?? ''
  const { decision } = json<Explained>('policy', 'explain', 'demo', capability)
  const gate = `gate: ${decision.layer}, rule ${decision.rule}`
  return FROM_SANDBOX[name] === undefined ? gate : `${gate}; ${FROM_SANDBOX[name]}`
}

const FROM_SANDBOX: Record<string, string> = {
  edit: 'sandbox: profile agent, workspace read-write',
  test: 'sandbox: profile agent, process.fork',
  key: 'sandbox: not mounted, home is empty',
  hook: 'sandbox: profile agent, protected .git/ is read-only',
  network: 'sandbox: network namespace of its own',
  bomb: 'sandbox: profile agent, process.max_processes',
  neighbour: 'sandbox: not mounted',
  ledger: 'sandbox: not mounted',
}

async function agentAtWork(): Promise<void> {
  heading('An agent at work')
  // a server that answers everybody on this machine: the agent's failure to reach it is the sandbox's doing
  const server = createServer((socket) => socket.end('hello'))
  const port = await new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port))
  })
  warder('run', '--agent', 'other', '--workspace', place.other, '--', 'true') // makes the other directory another agent's
  const targets = JSON.stringify({
    key: join(place.ssh, 'id_ed25519'),
    ledger: join(ledger, 'segment-00000001.db'),
    otherWorkspace: place.other,
    port,
  })
  say(paint('dim', '  $ warder run --agent demo -- node agent.mjs'))
  const child = start('run', '--agent', 'demo', '--', process.execPath, 'agent.mjs', targets)
  let seen = 0
  for await (const line of createInterface({ input: child.stdout! })) {
    const attempt = JSON.parse(line) as Attempt
    const isAside = attempt.name === 'hook' && hasChangeSet()
    if (isAside) FROM_SANDBOX['hook'] = 'sandbox: in a layer of its own; the project is as it was'
    const isHonest = HONEST.includes(attempt.name) || isAside
    const why = `${attempt.detail} (${reasonFor(attempt.name, port)})`
    show(
      attempt.done === isHonest,
      isAside ? 'aside' : attempt.done ? 'allowed' : 'refused',
      TITLES[attempt.name] ?? attempt.name,
      why,
    )
    seen += 1
  }
  server.close()
  if (seen !== Object.keys(TITLES).length)
    show(false, 'unknown', 'the agent did not finish', `${seen} of its attempts were seen`)
}

interface ChangeSets {
  readonly sets: readonly { readonly agent: string }[]
}

/** Whether what the agent writes stays aside; without an overlay on this machine it is written at once. */
function hasChangeSet(): boolean {
  return json<ChangeSets>('changes', 'list').sets.some(({ agent }) => agent === 'demo')
}

interface AppliedChanges {
  readonly applied: readonly string[]
  readonly left: readonly { readonly path: string; readonly why: string }[]
}

function changes(): void {
  if (!hasChangeSet()) return
  heading('Its changes')
  const source = join(place.project, 'sum.mjs')
  const before = readFileSync(source, 'utf8')
  say(paint('dim', '  $ warder changes apply demo'))
  const { applied, left } = json<AppliedChanges>('changes', 'apply', 'demo')
  const isTaken = before.includes('a - b') && readFileSync(source, 'utf8').includes('a + b')
  show(isTaken, isTaken ? 'applied' : 'wrong', applied.join(', '), 'a snapshot was taken first')
  const isLeft = !existsSync(join(place.project, '.git/hooks/pre-commit'))
  for (const { path, why } of left) show(isLeft, isLeft ? 'left out' : 'applied', path, why)
}

function start(...args: string[]): ChildProcess {
  return spawn(WARDER, args, { cwd: place.project, env: environment, stdio: ['ignore', 'pipe', 'inherit'] })
}

function record(): void {
  heading('The record')
  say(paint('dim', '  $ warder audit list --decision deny'))
  const listed = warder('audit', 'list', '--decision', 'deny')
  say(listed.stdout.trimEnd().replaceAll(/^/gm, '  '))
  const whole = warder('audit', 'verify')
  show(
    whole.code === 0,
    whole.code === 0 ? 'verified' : 'broken',
    'warder audit verify',
    lastLine(whole.stdout),
  )

  const copy = join(home, 'copy')
  cpSync(ledger, copy, { recursive: true })
  const segment =
    readdirSync(copy)
      .filter((name) => /^segment-\d+\.db$/.test(name))
      .sort()[0] ?? ''
  const db = new DatabaseSync(join(copy, segment))
  for (const { name } of db.prepare("SELECT name FROM sqlite_schema WHERE type = 'trigger'").all())
    db.exec(`DROP TRIGGER "${String(name)}"`)
  db.exec(
    `UPDATE log SET body = replace(body, '"denied"', '"allowed"') WHERE seq = (SELECT min(seq) FROM log WHERE body LIKE '%"denied"%')`,
  )
  db.close()
  const tampered = warder('audit', 'verify', '--directory', copy)
  show(
    tampered.code === 8,
    tampered.code === 8 ? 'refused' : 'verified',
    'a copy in which one "denied" became "allowed"',
    firstLine(tampered.stdout),
  )
}

async function stop(): Promise<void> {
  heading('A stop')
  const busy = start(
    'run',
    '--agent',
    'busy',
    '--',
    'sh',
    '-c',
    'for i in 1 2 3 4 5 6 7 8; do (while :; do :; done) & done; echo busy; wait',
  )
  const ended = new Promise<void>((resolve) => busy.once('close', () => resolve()))
  const began = new Promise<boolean>((resolve) => busy.stdout?.once('data', () => resolve(true)))
  if (!(await Promise.race([began, ended.then(() => false)]))) {
    return show(false, 'unknown', 'the busy agent', 'it ended before it could be stopped')
  }
  const begin = performance.now()
  const stopped = warder('stop', 'busy', '--reason', 'demo', '--json')
  const wallMs = performance.now() - begin
  await ended
  const answer = JSON.parse(stopped.stdout) as {
    halted: { processesBefore: number; processesAfter: number; ms: number }[]
  }
  const [receipt] = answer.halted
  const gone =
    stopped.code === 0 && receipt !== undefined && receipt.processesBefore > 8 && receipt.processesAfter === 0
  show(
    gone,
    gone ? 'stopped' : 'running',
    'warder stop busy',
    `${receipt?.processesBefore} processes, ${receipt?.processesAfter} left, ${receipt?.ms.toFixed(1)} ms to kill, ${wallMs.toFixed(0)} ms for the whole command`,
  )
  const again = warder('run', '--agent', 'busy', '--', 'true')
  show(
    again.code === 6,
    again.code === 6 ? 'refused' : 'allowed',
    'warder run --agent busy, again',
    firstLine(again.stderr),
  )
  const resumed = warder('resume', 'busy', '--reason', 'end of the demo', '--confirm', 'busy')
  show(
    resumed.code === 0,
    resumed.code === 0 ? 'allowed' : 'refused',
    'warder resume busy, by the owner, with a reason',
    firstLine(resumed.stdout || resumed.stderr),
  )
}

/** What the README shows is what was printed here. */
function keepTranscript(): void {
  mkdirSync(new URL('../.test-results/', import.meta.url), { recursive: true })
  writeFileSync(new URL('../.test-results/demo.txt', import.meta.url), `${transcript.join('\n').trim()}\n`)
}

const firstLine = (text: string): string => text.trim().split('\n')[0] ?? ''
const lastLine = (text: string): string => text.trim().split('\n').at(-1) ?? ''

// a clone that was never built has none: sandboxes would work, and be less than they can be
if (!isNativeCurrent()) console.error(buildNative())

try {
  say(paint('dim', 'In a temporary home: a key, and two projects with an agent each.'))
  makeProject()
  await agentAtWork()
  changes()
  record()
  await stop()
  say()
  say(
    failures === 0
      ? paint('green', 'Everything was as promised.')
      : paint('magenta', `${failures} results were NOT as promised.`),
  )
  if (failures === 0) say(`Next: ${paint('bold', 'bin/warder run -- YOUR-AGENT')} in a project of yours.`)
} finally {
  warder('daemon', 'stop')
  for (const path of [home, projects])
    rmSync(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
  keepTranscript()
}
process.exitCode = failures === 0 ? 0 : 1
