import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ApprovalBook } from './book.ts'
import { testSigner } from './fixture.test-kit.ts'
import { memoryBookStore } from './store.memory.ts'
import { atStage } from './stage.ts'
import { TrustBook } from './trust-book.ts'
import {
  nextTrust,
  riskScore,
  scoreLevel,
  STAGES,
  UNKNOWN,
  type Stage,
  type Trust,
  type TrustEvent,
} from './trust.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const START = 20_000 * DAY_MS
const GOOD = { what: 'succeeded', capability: 'a' } as const
const APPROVED = { what: 'approved', capability: 'a', by: 'owner' } as const

function after(events: readonly (readonly [TrustEvent, number])[], from: Trust = UNKNOWN): Trust {
  return events.reduce((trust, [event, at]) => nextTrust(trust, event, START + at), from)
}

test('three good runs on two days make a trial verified; fewer runs or fewer days do not', () => {
  assert.equal(
    after([
      [APPROVED, 0],
      [GOOD, 1],
      [GOOD, 2],
      [GOOD, 3],
      [GOOD, 4],
    ]).stage,
    'trial',
  )
  assert.equal(
    after([
      [APPROVED, 0],
      [GOOD, 1],
      [GOOD, DAY_MS],
    ]).stage,
    'trial',
  )
  const verified = after([
    [APPROVED, 0],
    [GOOD, 1],
    [GOOD, 2],
    [GOOD, DAY_MS],
  ])
  assert.deepEqual([verified.stage, verified.why], ['verified', '3 good runs on 2 days'])
})

test('a failure, an escalation or other code makes a draft of it', () => {
  const verified = after([
    [APPROVED, 0],
    [GOOD, 1],
    [GOOD, 2],
    [GOOD, DAY_MS],
  ])
  for (const event of [
    { what: 'failed', why: 'a run ended as violation' },
    { what: 'escalated', why: 'it asked for a key' },
    { what: 'changed', capability: 'b' },
  ] as const) {
    const trust = nextTrust(verified, event, START + 2 * DAY_MS)
    assert.deepEqual([trust.stage, trust.successes], ['draft', []], event.what)
  }
  assert.equal(nextTrust(verified, { what: 'changed', capability: 'a' }, START), verified)
})

test('good runs from before a setback, of a draft, or of other code count for nothing', () => {
  assert.equal(
    after([
      [GOOD, 0],
      [GOOD, DAY_MS],
      [GOOD, 2 * DAY_MS],
    ]).stage,
    'draft',
  )
  const set = after([
    [APPROVED, 0],
    [GOOD, 1],
    [{ what: 'failed', why: 'x' }, 2],
    [APPROVED, 3],
    [GOOD, DAY_MS],
    [GOOD, DAY_MS + 1],
  ])
  assert.equal(set.stage, 'trial')
  assert.equal(
    after([
      [APPROVED, 0],
      [{ what: 'succeeded', capability: 'b' }, 1],
    ]).successes.length,
    0,
  )
})

const anyEvent: fc.Arbitrary<TrustEvent> = fc.oneof(
  fc.record({
    what: fc.constant('approved' as const),
    capability: fc.constantFrom('a', 'b'),
    by: fc.constant('owner'),
  }),
  fc.record({ what: fc.constant('succeeded' as const), capability: fc.constantFrom('a', 'b') }),
  fc.record({ what: fc.constant('failed' as const), why: fc.constant('x') }),
  fc.record({ what: fc.constant('escalated' as const), why: fc.constant('x') }),
  fc.record({ what: fc.constant('changed' as const), capability: fc.constantFrom('a', 'b') }),
  fc.record({
    what: fc.constant('set' as const),
    stage: fc.constantFrom(...STAGES),
    capability: fc.constantFrom('a', 'b'),
    by: fc.constant('owner'),
  }),
)

/** The same from the history alone: what happened since the last setback. */
function reference(history: readonly (readonly [TrustEvent, number])[]): Stage {
  let since: (readonly [TrustEvent, number])[] = []
  let stage: Stage = 'draft'
  let capability = ''
  for (const [event, at] of history) {
    const isSame = 'capability' in event && event.capability === capability
    if (event.what === 'set') [stage, capability, since] = [event.stage, event.capability, []]
    else if (event.what === 'approved' && (stage === 'draft' || !isSame))
      [stage, capability, since] = ['trial', event.capability, []]
    else if (event.what === 'escalated') [stage, capability, since] = ['draft', '', []]
    else if (event.what === 'failed' && stage !== 'draft') [stage, capability, since] = ['draft', '', []]
    else if (event.what === 'changed' && stage !== 'draft' && !isSame)
      [stage, capability, since] = ['draft', '', []]
    else if (event.what === 'succeeded' && stage === 'trial' && isSame) {
      since = [...since, [event, at]]
      const days = new Set(since.map(([, ms]) => Math.floor(ms / DAY_MS)))
      if (since.length >= 3 && days.size >= 2) stage = 'verified'
    }
  }
  return stage
}

test('every history leads where the reference says, and the book says the same after a restart', () => {
  const anyHistory = fc.array(fc.tuple(anyEvent, fc.integer({ min: 0, max: 30 })), { maxLength: 40 })
  fc.assert(
    fc.property(anyHistory, (steps) => {
      const signer = testSigner()
      const store = memoryBookStore()
      const book = new ApprovalBook(store, signer)
      const open = () =>
        new TrustBook(
          { append: (fields) => book.append(fields), changed: () => undefined },
          book.read().lines,
        )
      const trust = open()
      let now = START
      const history: (readonly [TrustEvent, number])[] = []
      for (const [event, hours] of steps) {
        now += hours * HOUR_MS
        history.push([event, now])
        trust.apply('builder', event, now)
        assert.equal(trust.of('builder').stage, reference(history))
      }
      assert.deepEqual(open().of('builder'), trust.of('builder'))
    }),
    { numRuns: 100 },
  )
})

test('trust is in one code alone', () => {
  const trust = new TrustBook({ append: () => undefined, changed: () => undefined }, [])
  trust.apply('builder', { what: 'set', stage: 'verified', capability: 'a', by: 'owner' }, START)
  assert.deepEqual(
    [trust.stageFor('builder', 'a'), trust.stageFor('builder', 'b'), trust.stageFor('other', 'a')],
    ['verified', 'draft', 'draft'],
  )
})

test('the risk score adds up as it is told, and its levels meet where they are told', () => {
  const bare = { writablePaths: 0, network: 'none', mayExecute: false, escalations: 0 } as const
  assert.equal(riskScore(bare), 10)
  assert.equal(riskScore({ ...bare, writablePaths: 2 }), 50)
  assert.equal(riskScore({ ...bare, network: 'domains' }), 25)
  assert.equal(riskScore({ ...bare, network: 'all', mayExecute: true, escalations: 3 }), 110)
  assert.deepEqual([30, 31, 70, 71].map(scoreLevel), ['low', 'medium', 'medium', 'high'])
})

test('what policy allows is asked about from medium risk on in a draft, from high in a trial, never when verified', () => {
  const decided = {
    ...({ effect: 'allow', layer: 'policy', rule: 'rule.x', reason: 'allowed', capabilities: [] } as const),
    evidence: undefined as never,
  }
  const asked = (
    stage: Stage,
    risk: 'low' | 'medium' | 'high',
    effect: 'allow' | 'ask' | 'deny' = 'allow',
  ) => {
    const action = { namespace: 'process', verb: 'spawn', resource: '/bin/x', risk, bytes: '' } as const
    return atStage({ ...UNKNOWN, stage }, 'builder', action, { ...decided, effect })
  }
  const effects = (stage: Stage) =>
    (['low', 'medium', 'high'] as const).map((risk) => asked(stage, risk).effect)
  assert.deepEqual(effects('draft'), ['allow', 'ask', 'ask'])
  assert.deepEqual(effects('trial'), ['allow', 'allow', 'ask'])
  assert.deepEqual(effects('verified'), ['allow', 'allow', 'allow'])
  assert.deepEqual(
    [asked('draft', 'medium').layer, asked('draft', 'medium').rule],
    ['approval', 'stage.draft'],
  )
  for (const stage of STAGES) {
    for (const effect of ['ask', 'deny'] as const) {
      assert.deepEqual(
        asked(stage, 'high', effect),
        { ...decided, effect },
        'a no or a question stays what it is',
      )
    }
  }
})
