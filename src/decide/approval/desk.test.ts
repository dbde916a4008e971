import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ApprovalDesk, type Change, type Settlement } from './desk.ts'
import { action, subject } from './fixture.test-kit.ts'
import type { Asking, Choice, Question, Somebody } from './question.ts'

const OWNER: Somebody = { id: 'owner', role: 'owner' }
const AGENT: Somebody = { id: 'builder', role: 'agent' }
const WHY = { rule: 'rule.careful', reason: 'programs are asked for' }
const ASKING: Asking = {
  who: AGENT,
  action: action(),
  decision: WHY,
  subject: subject('/usr/bin/true', ['-x']),
}

function desk({ ledgerIsDown = false } = {}) {
  const clock = { ms: 1_000_000 }
  const ledger = { isDown: ledgerIsDown, entries: [] as Change[] }
  const seen: Change[] = []
  const ids = { next: 0 }
  const it = new ApprovalDesk({
    now: () => clock.ms,
    monotonicMs: () => clock.ms,
    newId: () => `question-${ids.next++}`,
    newWord: () => 'brave',
    lifetimeMs: 120_000,
    record: async (change) => {
      if (ledger.isDown) throw new Error('disk full')
      return ledger.entries.push(change)
    },
    changed: (change) => seen.push(change),
  })
  return { it, clock, ledger, seen }
}

type Ended = { readonly refused: string } | Settlement

/** Asks, and lets what is recorded be recorded. */
async function put(
  it: ApprovalDesk,
  asking: Asking = ASKING,
): Promise<{ ended: Promise<Ended>; question: Question }> {
  const before = new Set(it.pending().map(({ id }) => id))
  const ended = it.ask(asking)
  await new Promise((done) => setImmediate(done))
  const question = it.pending().find(({ id }) => !before.has(id))
  return { ended, question: question! }
}

const say = ({ payload }: Question, choice: Choice = 'once') => ({ say: choice, payload })

async function stateOf(ended: Promise<Ended>): Promise<string> {
  const settled = await ended
  return 'refused' in settled ? settled.refused : settled.question.state
}

test('a question is on record before anybody sees it, and so is its answer', async () => {
  const { it, ledger, seen } = desk()
  const { ended, question } = await put(it)
  assert.deepEqual(
    ledger.entries.map(({ what }) => what),
    ['asked'],
  )
  const answered = await it.answer(question.id, say(question), OWNER)
  assert.deepEqual([answered.state, answered.by, answered.entry], ['allowed', 'owner', 2])
  assert.equal(await stateOf(ended), 'allowed')
  assert.deepEqual(
    seen.map(({ what }) => what),
    ['asked', 'answered'],
  )
})

test('an asker that goes away takes its question along, and frees its place; an answer it no longer hears opens nothing', async () => {
  const { it, ledger, seen } = desk()
  const gone = new AbortController()
  const left = it.ask(ASKING, gone.signal)
  for (let i = 0; i < 4; i++) await put(it)
  assert.equal(await stateOf(it.ask(ASKING)), '5 questions of builder wait already')
  const [first] = it.pending()
  gone.abort()
  assert.equal(await stateOf(left), 'withdrawn')
  assert.deepEqual(
    [ledger.entries, seen].map((all) => [all.at(-1)?.what, all.at(-1)?.question.note]),
    Array(2).fill(['withdrawn', 'the asker went away']),
  )
  await assert.rejects(it.answer(first!.id, say(first!), OWNER), { code: 'APPROVAL_ANSWERED' })
  assert.equal((await put(it)).question.state, 'pending')
  assert.equal(await stateOf(it.ask(ASKING, gone.signal)), 'the asker went away')
})

test('nobody answers what they asked, and no agent or guest answers anything', async () => {
  const { it } = desk()
  const { question } = await put(it)
  for (const by of [
    AGENT,
    { id: 'other', role: 'agent' },
    { id: 'guest:x', role: 'guest' },
    { id: 'a', role: 'anonymous' },
  ] as const) {
    await assert.rejects(it.answer(question.id, say(question), by), { code: 'APPROVAL_FORBIDDEN' })
  }
  const operator: Somebody = { id: 'night-shift', role: 'operator' }
  const own = await put(it, { ...ASKING, who: operator })
  await assert.rejects(it.answer(own.question.id, say(own.question), operator), {
    code: 'APPROVAL_FORBIDDEN',
  })
  const risky = await put(it, { ...ASKING, action: action('high') })
  await assert.rejects(it.answer(risky.question.id, say(risky.question), operator), {
    code: 'APPROVAL_FORBIDDEN',
  })
  assert.equal((await it.answer(question.id, say(question), operator)).state, 'allowed')
})

test('an answer to anything but what is asked is refused, and the question waits on', async () => {
  const { it } = desk()
  const { question } = await put(it)
  const other = await put(it, { ...ASKING, action: { ...action(), bytes: 'f'.repeat(64) } })
  assert.notEqual(question.payload, other.question.payload)
  await assert.rejects(it.answer(question.id, say(other.question), OWNER), { code: 'APPROVAL_CHANGED' })
  assert.equal(it.get(question.id).state, 'pending')
})

test('of two answers at once the first stands', async () => {
  const { it } = desk()
  const { ended, question } = await put(it)
  const both = await Promise.allSettled([
    it.answer(question.id, say(question, 'deny'), OWNER),
    it.answer(question.id, say(question, 'once'), OWNER),
  ])
  assert.deepEqual(
    both.map(({ status }) => status),
    ['fulfilled', 'rejected'],
  )
  assert.equal((both[1] as PromiseRejectedResult).reason.code, 'APPROVAL_ANSWERED')
  assert.equal(await stateOf(ended), 'denied')
})

test('what is high risk, or widens what is possible, needs a second yes with the word it showed', async () => {
  for (const asking of [
    { ...ASKING, action: action('high') },
    { ...ASKING, action: { ...action(), namespace: 'grant', verb: 'add' } },
    { ...ASKING, action: { ...action(), namespace: 'audit', verb: 'export' } },
    { ...ASKING, action: { ...action(), namespace: 'policy', verb: 'reload' } },
    { ...ASKING, action: { ...action(), namespace: 'pkg', verb: 'install' } },
    { ...ASKING, action: { ...action(), namespace: 'agent', verb: 'resume' } },
  ]) {
    const { it } = desk()
    const { ended, question } = await put(it, asking)
    assert.deepEqual(question.choices, ['once', 'deny'])
    for (const choice of ['session', 'rule'] as const) {
      await assert.rejects(it.answer(question.id, say(question, choice), OWNER), { code: 'APPROVAL_CHOICE' })
    }
    const agreed = await it.answer(question.id, say(question), OWNER)
    assert.deepEqual([agreed.state, agreed.word], ['agreed', 'brave'])
    for (const word of ['', 'Brave', 'brav', undefined]) {
      const again = { ...say(question), ...(word === undefined ? {} : { word }) }
      await assert.rejects(it.answer(question.id, again, OWNER), { code: 'APPROVAL_WORD' })
    }
    assert.equal((await it.answer(question.id, { ...say(question), word: 'brave' }, OWNER)).state, 'allowed')
    assert.equal(await stateOf(ended), 'allowed')
  }
})

test('at most five wait for one agent and ten in all; what is more is told so at once', async () => {
  const { it } = desk()
  for (let i = 0; i < 5; i++) await put(it)
  assert.match(await stateOf(it.ask(ASKING)), /5 questions of builder wait already/)
  for (let i = 0; i < 5; i++) await put(it, { ...ASKING, who: { id: 'other', role: 'agent' } })
  assert.match(
    await stateOf(it.ask({ ...ASKING, who: { id: 'third', role: 'agent' } })),
    /10 questions wait already/,
  )
})

test('without a ledger nothing is asked, and no answer counts', async () => {
  const down = desk({ ledgerIsDown: true })
  assert.match(await stateOf(down.it.ask(ASKING)), /could not be written/)
  assert.deepEqual(down.seen, [])
  const { it, ledger } = desk()
  const { ended, question } = await put(it)
  ledger.isDown = true
  await assert.rejects(it.answer(question.id, say(question), OWNER), { code: 'APPROVAL_UNRECORDED' })
  assert.equal(await stateOf(ended), 'denied')
})

test('an answer after its time is told that it came too late, and one to a question of before a restart that there is none', async () => {
  const { it, clock } = desk()
  const { ended, question } = await put(it)
  clock.ms += 120_000
  await assert.rejects(it.answer(question.id, say(question), OWNER), { code: 'APPROVAL_EXPIRED' })
  assert.equal(await stateOf(ended), 'expired')
  await assert.rejects(desk().it.answer(question.id, say(question), OWNER), { code: 'APPROVAL_UNKNOWN' })
})

test('when nobody can answer any more, what waits ends at once', async () => {
  const { it } = desk()
  const { ended } = await put(it)
  assert.equal(
    it.withdraw(() => true, 'nobody is there'),
    1,
  )
  assert.equal(await stateOf(ended), 'withdrawn')
})

/** What a question may become, written down once more as a table. */
type Model = { state: string; twoPhase: boolean; askedAt: number; isAgreed: boolean }

const anyStep = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('ask' as const), risk: fc.constantFrom('low', 'medium', 'high') }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('answer' as const),
      which: fc.nat(20),
      say: fc.constantFrom('once', 'session', 'rule', 'deny'),
      word: fc.constantFrom('brave', 'wrong', undefined),
      by: fc.constantFrom('owner', 'agent'),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('wait' as const),
      ms: fc.constantFrom(1000, 60_000, 119_999, 120_000),
    }),
  },
)

test('whatever is asked, answered and waited for, a question goes the ways it may and no other', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyStep, { maxLength: 40 }), async (steps) => {
      const { it, clock } = desk()
      const model = new Map<string, Model>()
      const all: Question[] = []
      const ends = new Map<string, Promise<Ended>>()
      const waiting = () => [...model.values()].filter(({ state }) => state === 'pending').length
      for (const step of steps) {
        it.expire()
        for (const each of model.values()) {
          if (each.state === 'pending' && clock.ms - each.askedAt >= 120_000) each.state = 'expired'
        }
        if (step.do === 'wait') clock.ms += step.ms
        else if (step.do === 'ask') {
          if (waiting() >= 5) {
            assert.match(await stateOf(it.ask(ASKING)), /wait already/)
            continue
          }
          const { question, ended } = await put(it, { ...ASKING, action: action(step.risk as 'low') })
          all.push(question)
          ends.set(question.id, ended)
          model.set(question.id, {
            state: 'pending',
            twoPhase: step.risk === 'high',
            askedAt: clock.ms,
            isAgreed: false,
          })
        } else if (all.length > 0) {
          const question = all[step.which % all.length]!
          const expected = model.get(question.id)!
          const answer = {
            ...say(question, step.say as Choice),
            ...(step.word === undefined ? {} : { word: step.word }),
          }
          const by = step.by === 'owner' ? OWNER : AGENT
          const isOffered = !expected.twoPhase || step.say === 'once' || step.say === 'deny'
          const isRight =
            step.say === 'deny' || !expected.twoPhase || !expected.isAgreed || step.word === 'brave'
          const isTaken = expected.state === 'pending' && step.by === 'owner' && isOffered && isRight
          const result = await it.answer(question.id, answer, by).catch(() => undefined)
          assert.equal(result !== undefined, isTaken)
          if (!isTaken) continue
          if (step.say === 'deny') expected.state = 'denied'
          else if (expected.twoPhase && !expected.isAgreed) expected.isAgreed = true
          else expected.state = 'allowed'
        }
      }
      for (const question of all) {
        const { state, isAgreed } = model.get(question.id)!
        const now = it.get(question.id).state
        assert.equal(now, state === 'pending' && isAgreed ? 'agreed' : state)
        if (state !== 'pending') assert.equal(await stateOf(ends.get(question.id)!), state)
      }
    }),
    { numRuns: 200 },
  )
})
