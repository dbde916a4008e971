import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { behind, harnessBehind, isHarnessAlive, type ProcessTable } from './hook-harness.ts'

type Row = readonly [parent: number, name: string]

function tableOf(rows: Readonly<Record<number, Row>>): ProcessTable {
  return {
    read: (pid) => (rows[pid] === undefined ? undefined : { parent: rows[pid][0], startTime: `t${pid}` }),
    name: (pid) => rows[pid]?.[1],
  }
}

test('the harness is what stands above the hook’s shells', () => {
  const table = tableOf({
    50: [40, 'hook'],
    40: [30, 'sh'],
    30: [20, 'bash'],
    20: [10, 'claude'],
    10: [1, 'tmux'],
  })
  assert.deepEqual(harnessBehind(50, table), { pid: 20, startTime: 't20' })
})

test('where nobody stands above it, or it cannot be told, there is none', () => {
  assert.equal(harnessBehind(undefined), undefined)
  assert.equal(harnessBehind(50, tableOf({})), undefined, 'the hook is gone')
  assert.equal(harnessBehind(50, tableOf({ 50: [40, 'hook'] })), undefined, 'its shell is gone')
  assert.equal(harnessBehind(50, tableOf({ 50: [1, 'hook'] })), undefined, 'nobody but the first process')
  assert.equal(harnessBehind(50, tableOf({ 50: [40, 'hook'], 40: [1, 'sh'] })), undefined)
  const shells = Object.fromEntries(Array.from({ length: 20 }, (_row, i) => [50 - i, [49 - i, 'sh'] as Row]))
  assert.equal(harnessBehind(50, tableOf(shells)), undefined, 'a ladder of shells is not climbed for ever')
})

test('inside a sandbox it is the run; who proved nothing has none', () => {
  assert.equal(behind({ kind: 'agent', name: 'a', run: 'r' }), 'run')
  assert.equal(behind({ kind: 'library' }), undefined)
  assert.equal(behind({ kind: 'peer' }), undefined)
})

test('of real processes: this one is behind what it starts, and a harness that ended is gone', async () => {
  const hook = spawn('/bin/sleep', ['600'], { stdio: 'ignore' })
  try {
    const harness = harnessBehind(hook.pid)
    assert.equal(harness?.pid, process.pid)
    assert.equal(isHarnessAlive(harness), true)
    assert.equal(isHarnessAlive({ ...harness, startTime: '1' }), false)
    const child = spawn('/bin/sleep', ['600'], { stdio: 'ignore' })
    const gone = { pid: child.pid ?? 0, startTime: harness.startTime }
    child.kill('SIGKILL')
    await once(child, 'close')
    assert.equal(isHarnessAlive(gone), false)
  } finally {
    hook.kill('SIGKILL')
  }
})
