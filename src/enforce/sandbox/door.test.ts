import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Outcome, Permit, PermitDesk } from '../../core/permit.ts'
import { systemClock } from '../../platform/clock.ts'
import { createSandboxDoor, type DoorOptions } from './door.ts'
import type { RunExit, Running, SandboxDriver } from './driver.ts'
import type { SandboxSpec } from './spec.ts'

const PERMIT = {} as Permit
const SPEC = { profile: 'agent', argv: ['/bin/true'], env: {}, mounts: [] } as unknown as SandboxSpec

interface Rig {
  readonly options: DoorOptions
  readonly outcomes: Outcome[]
  readonly killed: string[]
  readonly onRegister: string[]
}

/** A driver whose one run goes on until it is killed. */
function rig(more: Partial<DoorOptions>): Rig {
  const [outcomes, killed, onRegister]: [Outcome[], string[], string[]] = [[], [], []]
  const driver = {
    start: async (_spec, { runId, agent }) => {
      const { promise: exit, resolve } = Promise.withResolvers<RunExit>()
      const kill = async (note = '') => {
        killed.push(note)
        resolve({ signal: 'SIGKILL', reason: 'killed', durationMs: 1, note })
        return { processesBefore: 1, processesAfter: 0, ms: 0 }
      }
      onRegister.push(runId)
      return { runId, agent, exit, kill } as unknown as Running
    },
  } as SandboxDriver
  const desk: PermitDesk = {
    redeem: () => undefined,
    settle: async (_permit, outcome) => void outcomes.push(outcome),
  }
  const registry = {
    put: () => undefined,
    remove: (runId: string) => void onRegister.splice(onRegister.indexOf(runId), 1),
    list: () => [],
  }
  return { options: { driver, desk, registry, clock: systemClock, ...more }, outcomes, killed, onRegister }
}

test('a run that cannot be watched over is ended and settled before its caller hears of it', async () => {
  const ended: string[] = []
  const at = rig({
    onStart: () => {
      throw new Error('no room for it')
    },
    onEnd: ({ runId }) => ended.push(runId),
  })
  const door = createSandboxDoor(at.options)
  await assert.rejects(door.open(PERMIT, SPEC, { runId: 'r1', agent: 'a' }), /no room for it/)
  assert.deepEqual(at.killed, ['it could not be watched over: no room for it'])
  assert.deepEqual(
    at.outcomes.map(({ result, note }) => [result, note]),
    [['cancelled', 'it could not be watched over: no room for it']],
  )
  assert.deepEqual([door.running(), at.onRegister, ended], [[], [], ['r1']])
})

test('a run that was begun while the door closed is ended, and its outcome is written once', async () => {
  const at = rig({})
  const door = createSandboxDoor(at.options)
  const opening = door.open(PERMIT, SPEC, { runId: 'r1', agent: 'a' })
  await door.close('the daemon is ending')
  await (
    await opening
  ).exit
  await new Promise((done) => setImmediate(done))
  assert.deepEqual(
    at.outcomes.map(({ result }) => result),
    ['cancelled'],
  )
  assert.deepEqual(door.running(), [])
})

test('a door that closes waits until what it ended is settled', async () => {
  const outcomes: Outcome[] = []
  const desk: PermitDesk = {
    redeem: () => undefined,
    settle: async (_permit, outcome) => {
      await sleep(50) // a disk takes its time
      outcomes.push(outcome)
    },
  }
  const door = createSandboxDoor({ ...rig({}).options, desk })
  await door.open(PERMIT, SPEC, { runId: 'r1', agent: 'a' })
  await door.close('the daemon is ending')
  assert.deepEqual(
    outcomes.map(({ result, note }) => [result, note]),
    [['cancelled', 'the daemon is ending']],
  )
})
