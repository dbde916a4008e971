import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Outcome, Permit, PermitDesk } from '../../core/permit.ts'
import { systemClock } from '../../platform/clock.ts'
import { MOST_CONNECTIONS, openPort, portDigest } from './door-forward.ts'
import { enterSandbox, insideDigest, type InsideCommand } from './door-inside.ts'
import { insideCommand, type InsideRequest } from './inside.ts'
import { presets } from './presets.ts'
import type { CommandExit, ExecRequest, RunExit, Running, RunningCommand } from './driver.ts'
import type { Lookup } from './lookup.ts'
import type { SandboxSpec } from './spec.ts'

const PERMIT = {} as Permit
const COMMAND: InsideCommand = {
  runId: 'r1',
  argv: ['/usr/bin/env'],
  env: { TERM: 'xterm' },
  cwd: '/work',
  umask: 0o022,
  limits: { wallMs: 1000, outputBytes: 10 },
}
const SPEC = {
  profile: 'agent',
  cwd: '/work',
  env: { PATH: 'relative:/missing:/usr/bin' },
  limits: { outputBytes: 10 },
} as unknown as SandboxSpec
const LOOKUP = { isExecutable: (path: string) => path === '/usr/bin/env' } as unknown as Lookup
const AGENT = presets().get('agent')
const REQUEST: InsideRequest = { argv: ['env'], environment: {}, umask: 0o022 }

interface Begun {
  readonly request: ExecRequest
  readonly end: (exit: CommandExit) => void
  killed?: string
}

/** A run whose commands go on until they are ended. */
function rig() {
  const outcomes: Outcome[] = []
  const begun: Begun[] = []
  const desk: PermitDesk = {
    redeem: () => undefined,
    settle: async (_permit, outcome) => void outcomes.push(outcome),
  }
  const { promise: exit, resolve: end } = Promise.withResolvers<RunExit>()
  const run = {
    ...{ runId: 'r1', agent: 'a', exit },
    exec: async (request: ExecRequest) => {
      const { promise, resolve } = Promise.withResolvers<CommandExit>()
      const command: Begun = { request, end: resolve }
      begun.push(command)
      const kill = (why = ''): void => {
        command.killed = why
        resolve({ reason: 'killed', signal: 'SIGKILL', durationMs: 1 })
      }
      return { exit: promise, kill } as unknown as RunningCommand
    },
  } as unknown as Running
  const endRun = () => end({ reason: 'exited', code: 0, durationMs: 1 })
  return { inside: { desk, clock: systemClock }, outcomes, begun, run, endRun }
}

const turn = (): Promise<void> => new Promise((done) => setImmediate(done))

test('every member of a command makes another act, and so does a forward of another port or run', () => {
  const others: InsideCommand[] = [
    { ...COMMAND, runId: 'r2' },
    { ...COMMAND, argv: ['/usr/bin/env', '-i'] },
    { ...COMMAND, env: { TERM: 'dumb' } },
    { ...COMMAND, cwd: '/' },
    { ...COMMAND, umask: 0 },
    { ...COMMAND, terminal: { columns: 80, rows: 24 } },
    { ...COMMAND, limits: { wallMs: 1000 } },
  ]
  const ports = [
    { runId: 'r1', port: 80 },
    { runId: 'r1', port: 81 },
    { runId: 'r2', port: 80 },
  ]
  const digests = [COMMAND, ...others].map(insideDigest).concat(ports.map(portDigest))
  assert.equal(new Set(digests).size, digests.length)
  assert.equal(insideDigest({ ...COMMAND }), insideDigest(COMMAND))
})

test('a command is what was decided on, and its end is settled as what it was', async () => {
  const endings: readonly [CommandExit, Outcome['result']][] = [
    [{ reason: 'exited', code: 0, durationMs: 1 }, 'success'],
    [{ reason: 'exited', code: 2, durationMs: 1 }, 'failure'],
    [{ reason: 'timeout', durationMs: 1 }, 'timeout'],
    [{ reason: 'output', durationMs: 1 }, 'violation'],
    [{ reason: 'sandbox-ended', durationMs: 1 }, 'cancelled'],
  ]
  for (const [exit, result] of endings) {
    const at = rig()
    await enterSandbox(at.inside, PERMIT, COMMAND, at.run)
    const { argv, env, cwd, umask } = COMMAND
    assert.deepEqual(at.begun[0]?.request, { argv, env, cwd, umask, wallMs: 1000, maxOutputBytes: 10 })
    assert.equal(at.outcomes.length, 0)
    at.begun[0]?.end(exit)
    await turn()
    assert.deepEqual(
      at.outcomes.map((outcome) => outcome.result),
      [result],
    )
  }
})

test('a run that is gone, or has no way in, is settled as an error', async () => {
  const at = rig()
  const closed = { ...at.run, exec: undefined } as unknown as Running
  await assert.rejects(enterSandbox(at.inside, PERMIT, COMMAND, undefined), { code: 'SANDBOX_RUN_MISSING' })
  await assert.rejects(enterSandbox(at.inside, PERMIT, COMMAND, closed), { code: 'SANDBOX_UNENFORCEABLE' })
  await assert.rejects(openPort(at.inside, PERMIT, { runId: 'r1', port: 80 }, closed), {
    code: 'SANDBOX_UNENFORCEABLE',
  })
  assert.deepEqual(
    at.outcomes.map(({ result }) => result),
    ['error', 'error', 'error'],
  )
})

test('a forward starts only what connects to its port, so many at once, and ends with its run', async () => {
  const at = rig()
  const forward = await openPort(at.inside, PERMIT, { runId: 'r1', port: 3000 }, at.run)
  await Promise.all(Array.from({ length: MOST_CONNECTIONS }, () => forward.connect()))
  assert.deepEqual(at.begun[0]?.request, { argv: ['/run/warder/init', '--connect', '3000'], cwd: '/' })
  await assert.rejects(forward.connect(), /48 connections to port 3000 are open already/)
  at.begun[0]?.end({ reason: 'exited', code: 0, durationMs: 1 })
  await turn()
  await forward.connect()
  at.endRun()
  const { reason, connections } = await forward.ended
  assert.deepEqual([reason, connections], ['sandbox-ended', MOST_CONNECTIONS + 1])
  assert.ok(at.begun.slice(1).every(({ killed }) => killed !== undefined))
  assert.deepEqual(
    at.outcomes.map(({ result }) => result),
    ['cancelled'],
  )
  await assert.rejects(forward.connect(), { code: 'SANDBOX_RUN_MISSING' })
})

test('a forward that is closed while a connection begins ends that as well', async () => {
  const at = rig()
  const forward = await openPort(at.inside, PERMIT, { runId: 'r1', port: 3000 }, at.run)
  const late = forward.connect()
  forward.close()
  await assert.rejects(late, { code: 'SANDBOX_RUN_MISSING' })
  assert.deepEqual(
    at.begun.map(({ killed }) => killed),
    ['the forward was closed'],
  )
  assert.equal((await forward.ended).reason, 'closed')
})

test('a program is named by its absolute path inside, and looked for only where the sandbox looks', () => {
  const programOf = (program: string): string | undefined =>
    insideCommand('r1', { ...REQUEST, argv: [program] }, SPEC, AGENT, LOOKUP).argv[0]
  assert.equal(programOf('env'), '/usr/bin/env')
  assert.equal(programOf('./made/../run.sh'), '/work/run.sh')
  assert.equal(programOf('/opt//tool'), '/opt/tool')
  assert.throws(() => programOf('nowhere'), { code: 'SANDBOX_COMMAND_MISSING' })
  assert.throws(() => programOf(''), { code: 'SANDBOX_COMMAND_INVALID' })
  assert.throws(() => programOf('a\0b'), { code: 'SANDBOX_COMMAND_INVALID' })
})

test('of the environment only words about terminal and language go along, and of a lost profile none', () => {
  const environment = { TERM: 'xterm', LANG: 'C', PATH: '/evil', FOO: 'x', API_KEY: 'x', TERMCAP: 'x' }
  const envOf = (profile: typeof AGENT) =>
    insideCommand('r1', { ...REQUEST, environment }, SPEC, profile, LOOKUP).env
  assert.deepEqual(envOf(AGENT), { LANG: 'C', TERM: 'xterm' })
  assert.deepEqual(envOf(undefined), {})
})
