import assert from 'node:assert/strict'
import { test } from 'node:test'
import { boundaryFinding, type KnownRun } from './boundary.ts'
import { Overdue } from './overdue.ts'
import { addressOf, parseSeen, type Seen } from './seen.ts'

const RUNS: Readonly<Record<string, KnownRun>> = {
  r1: { runId: 'r1', agent: 'alice', workspace: '/w/alice' },
  r2: { runId: 'r2', agent: 'bob', workspace: '/w/bob' },
  r3: { runId: 'r3', agent: 'alice', workspace: '/w/other' },
}
const runOf = (id: string) => RUNS[id]
const write = (run: string, by: string): Seen => ({
  ...{ kind: 'write', at: 5, run, by, pid: 7, path: '/w/bob/x', did: 'wrote' },
})

test('a write of one agent into the workspace of another is a bypass of the writer', () => {
  const found = boundaryFinding(write('r2', 'r1'), runOf)
  assert.equal(found?.rule, 'boundary.write-into-other')
  assert.equal(found?.class, 'policy_bypass_attempt')
  assert.equal(found?.severity, 'critical')
  assert.equal(found?.agent, 'alice')
  assert.equal(found?.evidence['workspace_of'], 'bob')
})

test('a write of a run where its permit names nothing is a bypass, also among runs of one agent', () => {
  assert.equal(boundaryFinding(write('', 'r1'), runOf)?.rule, 'boundary.write-outside')
  assert.equal(boundaryFinding(write('r3', 'r1'), runOf)?.rule, 'boundary.write-outside')
})

test('a write of nobody we know is told and is no incident', () => {
  const found = boundaryFinding(write('r2', ''), runOf)
  assert.equal(found?.severity, 'low')
  assert.equal(found?.class, undefined)
})

test('nothing is told of runs nobody knows', () => {
  assert.equal(boundaryFinding(write('', ''), runOf), undefined)
  assert.equal(boundaryFinding({ kind: 'survivor', at: 1, run: 'x', pid: 2 }, runOf), undefined)
})

test('what is alike within a run is one finding, and each address is another', () => {
  const connection = (remote: string, port: number): Seen => ({
    ...{ kind: 'connection', at: 1, run: 'r1', protocol: 'tcp', remote, port },
  })
  const keys = [connection('0100007F', 80), connection('0100007F', 80), connection('0200007F', 80)].map(
    (seen) => boundaryFinding(seen, runOf)?.key,
  )
  assert.equal(keys[0], keys[1])
  assert.notEqual(keys[0], keys[2])
})

test('a line that is none of ours is nothing, and words in it cannot make it another', () => {
  assert.equal(parseSeen('{"kind":"intruder"}'), undefined)
  assert.equal(parseSeen('not json'), undefined)
  assert.equal(parseSeen('{"kind":"owned","at":1}'), undefined)
  const seen = parseSeen('{"kind":"survivor","at":1,"run":"r1","pid":2,"program":"/tmp/\\u0022,\\u0022x"}')
  assert.equal(seen?.kind === 'survivor' ? seen.program : '', '/tmp/","x')
})

test('addresses are read as the kernel writes them', () => {
  assert.equal(addressOf('0100007F'), '127.0.0.1')
  assert.equal(addressOf('0202000A'), '10.0.2.2')
  assert.equal(addressOf('00000000000000000000000001000000'), '::1')
  assert.equal(addressOf('00000000000000000000000000000000'), '::')
  assert.equal(addressOf('B80D0120000000000000000001000000'), '2001:db8::1')
  assert.equal(addressOf('0000000000000000FFFF00000100007F'), '127.0.0.1')
})

test('a run that may not go on gets a moment to end, and is told after it', () => {
  const overdue = new Overdue()
  const run = RUNS['r1']!
  assert.equal(overdue.look(run, 'stopped', 1000), undefined)
  assert.equal(overdue.look(run, 'stopped', 3000), undefined)
  const found = overdue.look(run, 'stopped', 11_100)
  assert.equal(found?.rule, 'boundary.overdue')
  assert.equal(found?.class, 'policy_bypass_attempt')
  assert.equal(overdue.look(run, undefined, 11_200), undefined, 'it may again')
  assert.equal(overdue.look(run, 'stopped', 11_300), undefined, 'and the moment begins anew')
})
