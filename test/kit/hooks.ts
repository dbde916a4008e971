import { existsSync } from 'node:fs'
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { House } from './house.ts'

const MODULES = new URL('../tools/node_modules/', import.meta.url).pathname

/** The programs themselves: a launcher in between would look for a network. */
export const CLAUDE = join(MODULES, `@anthropic-ai/claude-code-linux-${process.arch}/claude`)
export const CODEX = join(
  MODULES,
  `@openai/codex-linux-${process.arch}/vendor/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-unknown-linux-musl/bin/codex`,
)

/** Skips, out loud, where the coding agent is not installed. */
export function needsAgent(t: TestContext, program: string): boolean {
  if (existsSync(program)) return true
  t.skip('not installed (npm ci --prefix test/tools --ignore-scripts): NOT tried')
  return false
}

/** The marked call a session was told to attempt, as its model reads it. */
export function markedIn(heard: string): string | undefined {
  return /with your shell tool: ([^"\\]+--ran warder-liveness-[0-9a-f]{32})/.exec(heard)?.[1]
}

export interface Ended {
  readonly code: number | null
  readonly said: string
}

/** Runs a coding agent without a person, in the house's workspace, until it ends. */
export function runAgent(
  house: House,
  argv: readonly [string, ...string[]],
  env: Readonly<Record<string, string>>,
  timeoutMs = 120_000,
): Promise<Ended> {
  const [program, ...args] = argv
  const child = spawn(program, args, {
    cwd: house.workspace,
    env: { ...house.environment, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const said: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => said.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => said.push(chunk))
  const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs)
  const { promise, resolve, reject } = Promise.withResolvers<Ended>()
  child.once('error', reject)
  child.once('close', (code) => {
    clearTimeout(timer)
    resolve({ code, said: Buffer.concat(said).toString() })
  })
  return promise
}

/** Claude Code as it runs without a network: its model is ours, and nothing else is asked for. */
export function claudeEnvironment(url: string): Record<string, string> {
  return {
    ANTHROPIC_BASE_URL: url,
    ANTHROPIC_API_KEY: 'sk-ant-none',
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
  }
}

/** What a hook was asked and what it said, through the program itself. */
export interface HookSaid {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs a hook's command line as a harness does: in a shell, with the payload on stdin. */
export function runHook(
  house: House,
  command: string,
  payload: string | Uint8Array | object,
  timeoutMs = 60_000,
): Promise<HookSaid> {
  const child = spawn('/bin/sh', ['-c', command], { cwd: house.workspace, env: house.environment })
  const out: Buffer[] = []
  const err: Buffer[] = []
  child.stdin.on('error', () => undefined)
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk))
  child.stdin.end(
    typeof payload === 'string' || payload instanceof Uint8Array ? payload : JSON.stringify(payload),
  )
  const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs)
  const { promise, resolve } = Promise.withResolvers<HookSaid>()
  child.once('close', (code) => {
    clearTimeout(timer)
    resolve({ code, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() })
  })
  return promise
}

/** A harness of our own, which speaks to the hook as Claude Code does and heeds it or not, as a test wants. */
export interface FakeHarness {
  readonly session: string
  /** What the model would read at the start. */
  start(): Promise<HookSaid>
  /** Asks about one use of a tool. */
  before(tool: string, input: object, more?: object): Promise<HookSaid>
  /** Tells that it was used. */
  after(tool: string, input: object, id?: string): Promise<HookSaid>
  /** Attempts the marked call, as it was told to. @returns the marked command */
  prove(): Promise<string>
}

export function fakeHarness(
  house: House,
  command: string,
  session: string,
  cwd = house.workspace,
): FakeHarness {
  const count = { uses: 0 }
  const base = { session_id: session, transcript_path: '/t.jsonl', cwd, permission_mode: 'default' }
  const call = (event: string, more: object) =>
    runHook(house, command, { ...base, hook_event_name: event, ...more })
  const harness: FakeHarness = {
    session,
    start: () => call('SessionStart', { source: 'startup' }),
    before: (tool, input, more = {}) =>
      call('PreToolUse', { tool_name: tool, tool_input: input, tool_use_id: `u${++count.uses}`, ...more }),
    after: (tool, input, id = `u${count.uses}`) =>
      call('PostToolUse', { tool_name: tool, tool_input: input, tool_use_id: id, tool_response: {} }),
    async prove() {
      const marked = markedIn((await harness.start()).stdout)
      if (marked === undefined) throw new Error('the session was told of no marked call')
      const { code, stderr } = await harness.before('Bash', { command: marked })
      if (code !== 2 || !stderr.includes('the guard works')) throw new Error(`not refused: ${stderr}`)
      return marked
    },
  }
  return harness
}
