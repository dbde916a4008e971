import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { test, type TestContext } from 'node:test'
import type { Finding } from '../../core/incident.ts'
import type { Entry } from '../../record/audit/index.ts'
import { Detector } from '../../watch/detect/index.ts'
import { SHIPPED_RULES } from '../../watch/detect/shipped.ts'
import { Detecting, type DetectingOptions } from './detect.ts'
import { observedOf } from './detect-entry.ts'

const AT = Date.UTC(2026, 5, 1)

function denial(seq: number, more: Partial<Entry> = {}): Entry {
  return {
    ...{ seq, timestamp: new Date(AT + seq * 100).toISOString(), agent: 'builder', action: 'fs:read' },
    ...{ target: `/srv/${seq}`, decision: 'deny', result: 'denied', event_type: 'file', layer: 'policy' },
    ...{ rule: 'default', reason: '', risk_level: 'low', details: { role: 'agent' }, id: '', v: 1 },
    ...{ capabilities_used: [], decision_id: '', permit_id: '', request_id: '', hash: '', prev_hash: '' },
    ...more,
  } as Entry
}

/** A ledger of this process, to be written to while it is followed. */
function ledgerOf(entries: Entry[]) {
  let wake = Promise.withResolvers<void>()
  const failing = { next: false }
  return {
    entries,
    failing,
    add(...more: Entry[]) {
      entries.push(...more)
      wake.resolve()
      wake = Promise.withResolvers<void>()
    },
    head: () => ({ seq: entries.at(-1)?.seq ?? 0, hash: '' }),
    read: (after: number, limit: number) => entries.filter(({ seq }) => seq > after).slice(0, limit),
    async *follow(after: number, signal?: AbortSignal) {
      const { promise: over, resolve } = Promise.withResolvers<void>()
      signal?.addEventListener('abort', () => resolve(), { once: true })
      for (let at = after; signal?.aborted !== true;) {
        const woken = wake.promise
        for (const entry of entries.filter(({ seq }) => seq > at)) {
          if (failing.next) throw new Error('the disk is gone')
          yield entry
          at = entry.seq
        }
        await Promise.race([woken, over])
      }
    },
  }
}

function watching(t: TestContext, ledger: ReturnType<typeof ledgerOf>, more: Partial<DetectingOptions> = {}) {
  const directory = mkdtempSync(join(tmpdir(), 'detect-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  const cursorFile = join(directory, 'watch', 'cursor.json')
  const raised: Finding[] = []
  const begin = (again: Partial<DetectingOptions> = {}) => {
    const detecting = new Detecting({
      ...{ ledger, cursorFile, detector: new Detector(SHIPPED_RULES, '/home/you') },
      ...{ raise: (finding: Finding) => raised.push(finding), sync: () => undefined, told: () => 0 },
      ...{ labelsOf: () => [], now: () => AT, monotonicMs: () => performance.now(), everyMs: 60_000 },
      lost: (error) => assert.fail(error as Error),
      ...more,
      ...again,
    })
    detecting.begin()
    return detecting
  }
  const rules = () => raised.map(({ rule }) => rule)
  return { begin, raised, rules, cursorFile }
}

async function until(ready: () => boolean): Promise<void> {
  for (let tries = 0; tries < 1000 && !ready(); tries += 1) await setTimeout(5)
  assert.ok(ready(), 'it never came')
}

const entries = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, nth) => denial(from + nth))

test('a restart goes on where it stopped: what was counted counts, nothing is lost, nothing is told twice', async (t) => {
  const ledger = ledgerOf([denial(1, { agent: 'warder', decision: '' })])
  const { begin, rules, raised } = watching(t, ledger)
  const first = begin()
  await until(() => first.facts().inForce)
  ledger.add(...entries(2, 16))
  await first.caughtUp()
  await first.close()
  assert.deepEqual(rules(), [])
  ledger.add(...entries(17, 18)) // while nobody looks
  const second = begin()
  await until(() => second.facts().seq === 18)
  ledger.add(...entries(19, 21))
  await until(() => second.facts().seq === 21)
  await second.close()
  assert.deepEqual(rules(), ['agent.denial-burst'])
  const third = begin({ now: () => AT + 60_000 }) // later than what is on record
  await until(() => third.facts().inForce)
  await third.close()
  assert.equal(raised.length, 1)
})

test('after a crash entries are read again from where it was kept, and what was told is not told again', async (t) => {
  const ledger = ledgerOf([denial(1, { decision: '' })])
  const { begin, rules } = watching(t, ledger)
  const first = begin() // never closed: its cursor stays at the beginning
  await until(() => first.facts().inForce)
  ledger.add(...entries(2, 41))
  await until(() => first.facts().seq === 41)
  assert.deepEqual(rules(), ['agent.denial-burst', 'agent.denial-burst'])
  const again = begin({ told: () => 41 })
  await until(() => again.facts().seq === 41)
  assert.equal(rules().length, 2)
  const forgetful = begin({ told: () => 21 })
  await until(() => forgetful.facts().seq === 41)
  assert.equal(rules().length, 3, 'what was not written down is told')
  await Promise.all([first, again, forgetful].map((each) => each.close()))
})

test('a cursor that cannot be believed is an alert, and the newest entries are read all the same', async (t) => {
  for (const content of ['{"v":1,"seq":999,"at":1}', 'not json', '{"v":1}']) {
    const ledger = ledgerOf([denial(1, { decision: '' })])
    const { begin, rules, cursorFile } = watching(t, ledger)
    const first = begin()
    await until(() => first.facts().inForce)
    await first.close()
    writeFileSync(cursorFile, content, { mode: 0o600 })
    ledger.add(...entries(2, 21))
    const second = begin()
    await until(() => second.facts().seq === 21)
    await second.close()
    assert.deepEqual(rules(), ['detect.cursor', 'agent.denial-burst'], content)
  }
})

test('a ledger that cannot be followed is an alert and no longer in force, until it can be', async (t) => {
  const ledger = ledgerOf([denial(1, { decision: '' })])
  const { begin, rules } = watching(t, ledger)
  const detecting = begin()
  await until(() => detecting.facts().inForce)
  ledger.failing.next = true
  ledger.add(denial(2))
  await until(() => rules().includes('detect.stopped'))
  assert.deepEqual([detecting.facts().inForce, detecting.facts().behind], [false, 1])
  ledger.failing.next = false
  await until(() => detecting.facts().seq === 2)
  assert.equal(detecting.facts().inForce, true)
  await detecting.close()
})

test('a cycle that was missed, and one that fails, are alerts', async (t) => {
  const clock = { ms: 0 }
  const ledger = ledgerOf([denial(1, { decision: '' })])
  const { begin, rules } = watching(t, ledger, { everyMs: 5, monotonicMs: () => clock.ms })
  const detecting = begin({ cycle: async () => Promise.reject(new Error('the file of rules is broken')) })
  await until(() => rules().includes('detect.failed-cycle'))
  assert.equal(rules().includes('detect.missed-cycle'), false)
  clock.ms += 600_000 // everything stood still
  await until(() => rules().includes('detect.missed-cycle'))
  await detecting.close()
})

test('a clock that is set back is an alert, while it runs and at the next start; a machine that slept is none', async (t) => {
  const clock = { wall: AT, monotonic: 0 }
  const ledger = ledgerOf([denial(1, { decision: '' })])
  const now = () => clock.wall
  const { begin, rules } = watching(t, ledger, { everyMs: 5, monotonicMs: () => clock.monotonic, now })
  const detecting = begin()
  const cycles = async (count: number) => {
    const until5 = detecting.facts().cycles + count
    await until(() => detecting.facts().cycles >= until5)
  }
  await cycles(2)
  clock.wall += 3_600_000 // it woke
  await cycles(2)
  assert.equal(rules().includes('detect.clock-set-back'), false)
  clock.wall -= 60_000
  await until(() => rules().includes('detect.clock-set-back'))
  ledger.add(denial(2, { decision: '' }))
  await detecting.caughtUp()
  await detecting.close()
  const before = rules().length
  const next = begin({ now: () => AT - 3_600_000 })
  await until(() => next.facts().inForce)
  await next.close()
  assert.deepEqual(rules().slice(before), ['detect.clock-set-back'])
})

test('what detection itself caused is not looked at, and an agent cannot hide behind that', () => {
  const labels = () => []
  assert.equal(observedOf(denial(1, { agent: 'warder', action: 'alert:raise' }), labels), undefined)
  assert.equal(observedOf(denial(1, { agent: 'warder', action: 'incident:open' }), labels), undefined)
  assert.equal(observedOf(denial(1, { agent: 'builder', action: 'alert:raise' }), labels)?.agent, 'builder')
  // nobody can be called that, and whatever says so is looked at all the same
  const posing = observedOf(denial(1, { agent: 'warder', details: { role: 'agent' } }), labels)
  assert.deepEqual([posing?.agent, posing?.fields['by']], [undefined, 'warder'])
})

test('an entry is about the agent it is about', () => {
  const of = (more: Partial<Entry>) =>
    observedOf(denial(1, { details: {}, ...more }), () => ['external-data'])
  const question = { agent: 'owner', action: 'question:answered', details: { principal: 'builder' } }
  assert.equal(of(question)?.agent, 'builder')
  assert.equal(of({ agent: 'owner', action: 'agent:start', target: 'builder' })?.agent, 'builder')
  assert.equal(of({ agent: 'owner' })?.agent, undefined)
  assert.equal(of({ agent: 'warder' })?.agent, undefined)
  assert.equal(of({ agent: 'guest:anna' })?.agent, undefined)
  assert.equal(of({ agent: 'warder', layer: 'egress' })?.agent, undefined)
  assert.equal(of({})?.fields['tainted'], 'external-data')
  assert.equal(of({ agent: 'owner' })?.fields['tainted'], undefined)
})
