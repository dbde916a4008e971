import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { StatusAnswer } from '../../api/endpoints.ts'
import type { Probe } from '../../enforce/sandbox/index.ts'
import {
  approvalsPart,
  diskPart,
  egressPart,
  hooksPart,
  ledgerPart,
  mcpPart,
  policyPart,
  sandboxPart,
  secretsPart,
  supervisorPart,
} from './health-parts.ts'

const HEAD = { seq: 3, hash: 'h' }
const ledger = { ok: true, why: '', degraded: [], head: HEAD, checkpointed: 3, indexed: 3, waiting: 0 }
const probe = (available: boolean, ...missing: string[]) =>
  ({
    ...{ driver: 'bubblewrap', available },
    guarantees: ['namespaces', ...missing].map((name, at) => ({ name, inForce: at === 0, why: 'not here' })),
  }) as unknown as Probe
const approvals = (more: object) =>
  ({ problems: [], reachable: true, pending: 0, ...more }) as unknown as StatusAnswer['approvals']

test('each part that is broken says so in its state, and why, and what to do', () => {
  const broken = [
    [ledgerPart({ ...ledger, ok: false, why: 'ENOSPC' }), 'failed', /ENOSPC/],
    [ledgerPart({ ...ledger, degraded: ['the witness cannot be reached'] }), 'degraded', /witness/],
    [policyPart(3, 'line 2: it is wrong'), 'degraded', /line 2/],
    [sandboxPart(probe(false)), 'failed', /bubblewrap is not available/],
    [sandboxPart(probe(true, 'seccomp')), 'degraded', /not in force: seccomp/],
    [
      egressPart({ proxy: 'broken', problem: 'it died', airlock: { mode: 'off' }, runs: 0 }),
      'failed',
      /died/,
    ],
    [secretsPart({ isThere: true, problems: ['secrets: the store is locked'] }), 'degraded', /locked/],
    [secretsPart({ isThere: true, problems: ['secrets: the list was altered'] }), 'failed', /altered/],
    [mcpPart({ state: 'broken', problem: 'it ended with SIGKILL' }, []), 'failed', /SIGKILL/],
    [mcpPart({ state: 'running' }, ['without a model']), 'degraded', /without a model/],
    [approvalsPart(approvals({ problems: ['the webhook answered 500'] })), 'degraded', /500/],
    [hooksPart(['session 1 is locked']), 'degraded', /session 1/],
  ] as const
  for (const [{ name, state, why, fix }, expected, says] of broken) {
    assert.equal(state, expected, name)
    assert.match(why, says)
    assert.ok(fix !== undefined && fix.length > 0, name)
  }
})

test('each part that is well is ok, and one that was never needed is off', () => {
  for (const part of [
    ledgerPart(ledger),
    policyPart(3, undefined),
    sandboxPart(probe(true)),
    egressPart({ proxy: 'not started', airlock: { mode: 'off' }, runs: 0 }),
    secretsPart({ isThere: true, problems: [] }),
    mcpPart({ state: 'not started' }, []),
    approvalsPart(approvals({ reachable: false })),
    hooksPart([]),
    supervisorPart(42),
  ])
    assert.equal(part.state, 'ok', part.name)
  assert.equal(secretsPart({ isThere: false, problems: [] }).state, 'off')
  assert.equal(supervisorPart(undefined).state, 'off')
})

test('the fullest disk counts, and one that nobody can look at is unknown, not well', () => {
  const at = (...used: (number | undefined)[]) =>
    diskPart(
      used.map((each, i) => (each === undefined ? { path: `/${i}` } : { path: `/${i}`, used: each })),
      80,
      95,
    ).state
  assert.deepEqual(
    [at(10, 79.9), at(10, 80), at(95, 10), at(10, undefined), at()],
    ['ok', 'degraded', 'failed', 'unknown', 'unknown'],
  )
})
