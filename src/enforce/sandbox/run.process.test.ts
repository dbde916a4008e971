import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { PassThrough } from 'node:stream'
import { test, type TestContext } from 'node:test'
import { ownBuilder } from './builder.ts'
import type { RunGroup } from './cgroup.ts'
import { isAlive, readProcess } from './processes.ts'
import { BubblewrapRun } from './run.ts'
import type { Limits, SandboxSpec } from './spec.ts'

/** A plain process in place of a sandbox, whose group cannot be told to end; nor, once, can its processes be read. */
function deafGroup(
  t: TestContext,
  limits: Partial<Limits>,
  failures: string[] = [],
): { run: BubblewrapRun; stdout: PassThrough } {
  const child = spawn('sleep', ['60'], { stdio: 'ignore' })
  t.after(() => void child.kill('SIGKILL'))
  const { pid, startTime } = readProcess(child.pid ?? 0)!
  const init = {
    pid,
    get startTime() {
      const failure = failures.pop()
      if (failure !== undefined) throw new Error(failure)
      return startTime
    },
  }
  const stdout = new PassThrough()
  const run = new BubblewrapRun({
    runId: 'r',
    agent: 'a',
    spec: { profile: 'agent', limits, mounts: [] } as unknown as SandboxSpec,
    builder: ownBuilder(child),
    init,
    pidNamespace: '',
    startedAt: 0,
    limits: [],
    stdio: {
      inner: [0, 0, 0],
      stdin: new PassThrough(),
      stdout,
      stderr: new PassThrough(),
      resize: () => undefined,
    },
    group: {
      killAll: () => {
        throw new Error('EBUSY')
      },
      close: async () => undefined,
      outOfMemoryKills: () => 0,
    } as unknown as RunGroup,
    exitCode: Promise.resolve(undefined),
    cleanUp: async () => undefined,
  })
  return { run, stdout }
}

test('a run over its time is ended though its group does not obey, and its end tells of it', async (t) => {
  const { run } = deafGroup(t, { wallMs: 20 })
  const { reason, note } = await run.exit
  assert.equal(reason, 'timeout')
  assert.match(note ?? '', /longer than 0.02 s; ending it did not go as it should: EBUSY/)
  assert.ok(!isAlive(run.init))
})

test('a run that writes too much is ended likewise', async (t) => {
  const { run, stdout } = deafGroup(t, { outputBytes: 10 })
  run.stdout.resume()
  stdout.write('x'.repeat(100))
  const { reason, note } = await run.exit
  assert.equal(reason, 'output')
  assert.match(note ?? '', /more than 10 bytes; .*EBUSY/)
  assert.ok(!isAlive(run.init))
})

test('a kill whose group does not obey still leaves nothing running, and says so', async (t) => {
  const { run } = deafGroup(t, {})
  const { processesBefore, processesAfter } = await run.kill('enough')
  assert.deepEqual([processesBefore, processesAfter], [1, 0])
  assert.match((await run.exit).note ?? '', /^enough; .*EBUSY/)
})

test('a run over its time whose processes cannot be read ends with its builder, and its end tells of it', async (t) => {
  const { run } = deafGroup(t, { wallMs: 20 }, ['EMFILE'])
  const { reason, note } = await run.exit // and nothing that nobody caught ends this process
  assert.equal(reason, 'timeout')
  assert.match(note ?? '', /longer than 0.02 s; .*EBUSY; .*EMFILE/)
  assert.ok(!isAlive(run.init))
})

test('an end that cannot be told is told as such, never a rejection', async (t) => {
  const { run } = deafGroup(t, { wallMs: 20 }, ['EMFILE again', 'EMFILE'])
  const { reason, note } = await run.exit
  assert.equal(reason, 'sandbox-failed')
  assert.match(note ?? '', /cannot be told: EMFILE again/)
})
