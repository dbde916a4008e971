/**
 * What a coding agent waits for when it asks its hook, the daemon warm: the whole program from its start to its end, as
 * the harness runs it, and the daemon's answer alone. Beside it a native program that does nothing, started the same way.
 */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { calls } from '../src/client/calls.ts'
import { connect } from '../src/client/connect.ts'
import { STARTER_POLICY } from '../src/decide/policy/index.ts'
import { hookProgram } from '../src/platform/hook-program.ts'
import { readSocketSecret } from '../src/platform/socket-secret.ts'
import type { BenchResult } from './result.ts'

const ROUNDS = 200
const SLOW_ROUNDS = 20
const GOAL_MS = 50
const WARDER = new URL('../bin/warder', import.meta.url).pathname
const COMMAND = 'git status --short && grep -rn "TODO" src | head -20'

interface Asked {
  readonly name: string
  readonly rounds: number
  readonly ask: (at: number) => Promise<void>
}

/** More questions a minute than an agent has. */
const NO_RATES = `
rates:
  agent: {calls: 1000000, per_second: 1000000}
  all: {calls: 1000000}
  tool_per_second: 1000000
`

export async function run(): Promise<BenchResult[]> {
  const home = mkdtempSync(join(tmpdir(), 'wb-')) // short: socket paths have 107 bytes
  const work = join(home, 'work')
  mkdirSync(work)
  mkdirSync(join(home, 'run'), { mode: 0o700 })
  mkdirSync(join(home, '.config/warder'), { recursive: true, mode: 0o700 })
  writeFileSync(join(home, '.config/warder/policy.yaml'), STARTER_POLICY + NO_RATES, { mode: 0o600 })
  const env = {
    HOME: home,
    PATH: process.env['PATH'] ?? '',
    XDG_RUNTIME_DIR: join(home, 'run'),
    LANG: 'C.UTF-8',
  }
  spawnSync(WARDER, ['hook', 'list'], { env })
  const paths = {
    'paths.socket': join(home, 'run/warder/warder.sock'),
    'paths.keys': join(home, '.local/share/warder/keys'),
  }
  const client = connect({
    socketPath: paths['paths.socket'],
    secret: () => readSocketSecret(paths['paths.keys']),
  })
  try {
    const told = calls(client)
    const payload = (event: string, at: number | string, command: string) => ({
      ...{
        session_id: 'bench',
        transcript_path: '/t',
        cwd: work,
        permission_mode: 'default',
        hook_event_name: event,
      },
      ...(event === 'SessionStart'
        ? {}
        : { tool_name: 'Bash', tool_input: { command }, tool_use_id: `u${at}` }),
    })
    const asked = async (body: object) =>
      told.call('hookAsk', { payload: Buffer.from(JSON.stringify(body)).toString('base64') })
    const start = await asked(payload('SessionStart', 0, ''))
    const marked = /shell tool: ([^"\\]+)/.exec(Buffer.from(start.stdout, 'base64').toString())?.[1] ?? ''
    await asked(payload('PreToolUse', 'marked', marked))
    const program = hookProgram(paths)
    const question = (at: number) => JSON.stringify(payload('PreToolUse', at, COMMAND))
    const node = `${WARDER} hook`
    const all: Asked[] = [
      {
        name: 'hook, the whole program',
        rounds: ROUNDS,
        ask: (at) => started(program.answers, env, question(at)),
      },
      { name: 'a program that does nothing', rounds: ROUNDS, ask: () => started('/bin/true', env, '') },
      {
        name: 'hook, the daemon alone',
        rounds: ROUNDS,
        ask: async (at) => isYes((await asked(JSON.parse(question(at)) as object)).exit),
      },
      { name: 'hook, through Node', rounds: SLOW_ROUNDS, ask: (at) => started(node, env, question(at)) },
    ]
    return await measured(all, program.isNative)
  } finally {
    client.close()
    spawnSync(WARDER, ['daemon', 'stop'], { env })
    rmSync(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
  }
}

/** Taking turns, so that what else the machine does falls on all of them. */
async function measured(all: readonly Asked[], isNative: boolean): Promise<BenchResult[]> {
  const times = all.map((): number[] => [])
  for (let at = -5; at < ROUNDS; at += 1) {
    for (const [i, { ask, rounds }] of all.entries()) {
      if (at >= rounds) continue
      const before = performance.now()
      await ask(at)
      if (at >= 0) times[i]?.push(performance.now() - before)
    }
  }
  return all.map(({ name }, i) => {
    const sorted = (times[i] ?? []).toSorted((a, b) => a - b)
    const p50 = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
    const p99 = sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN
    const isGoal = i === 0 && isNative
    return {
      ...{ bench: 'hook', name, unit: 'ms', value: round(p50), p50: round(p50), p99: round(p99) },
      ...(isGoal ? { goal: `p99 < ${GOAL_MS} ms`, ok: p99 < GOAL_MS } : {}),
    }
  })
}

/** A hook as a harness calls it: in a shell, with the payload on stdin. */
async function started(command: string, env: Readonly<Record<string, string>>, input: string): Promise<void> {
  const child = spawn('/bin/sh', ['-c', `exec ${command}`], { env, stdio: ['pipe', 'ignore', 'ignore'] })
  child.stdin.on('error', () => undefined)
  child.stdin.end(input)
  const { promise, resolve } = Promise.withResolvers<number | null>()
  child.once('close', resolve)
  isYes(await promise)
}

/** So that nothing fast and wrong is measured. */
function isYes(exit: number | null): void {
  if (exit !== 0) throw new Error(`the hook refused what it should let go on: exit ${exit}`)
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000
}

if (import.meta.main) {
  if (!existsSync(WARDER)) throw new Error('nothing is built: npm run build')
  for (const { name, p50, p99 } of await run()) console.log(`${name}: p50 ${p50} ms, p99 ${p99} ms`)
}
