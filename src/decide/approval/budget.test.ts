import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { openDb } from '../../platform/db.ts'
import { dropUnsealed, sealedBudgetStore, sqliteBudgetStore } from './budget-store.ts'
import { Budgets, BUDGET_UNITS, costOf, stateOf } from './budget.ts'
import { memorySealedStore, type SealedText } from './sealed.ts'

const NOW = Date.UTC(2026, 0, 31, 23, 0)
const HOUR_MS = 3_600_000
const mac = (text: string): Buffer => createHmac('sha256', 'a key').update(text).digest()

/** Budgets on what somebody kept for them. */
function budgetsOn(kept: { text?: SealedText } = {}, atLeast = 0): Budgets {
  return new Budgets({ store: sealedBudgetStore(memorySealedStore(kept), mac, atLeast) })
}

test('what is used up is used up, for the agent and for the task, and others are not touched', () => {
  const budgets = budgetsOn()
  budgets.set('builder', '', { steps: 3 }, 'ever', NOW)
  budgets.set('builder', 'import', { files: 1 }, 'ever', NOW)
  budgets.spend('builder', 'import', { steps: 1, files: 1 }, NOW)
  assert.equal(budgets.exceeded('builder', 'import', NOW)?.unit, 'files')
  assert.equal(budgets.exceeded('builder', 'other', NOW), undefined)
  budgets.spend('builder', undefined, { steps: 2 }, NOW)
  assert.equal(budgets.exceeded('builder', undefined, NOW)?.unit, 'steps')
  assert.equal(budgets.exceeded('other', undefined, NOW), undefined)
})

test('a restart changes nothing, and neither does setting the same limits again', () => {
  const directory = mkdtempSync(join(tmpdir(), 'wu-'))
  after(() => rmSync(directory, { recursive: true }))
  const db = openDb(join(directory, 'b.db'))
  after(() => db.close())
  const open = (): Budgets => new Budgets({ store: sqliteBudgetStore(db, mac, 0) })
  const first = open()
  first.set('builder', '', { steps: 2, money: 500 }, 'month', NOW)
  first.spend('builder', undefined, { steps: 2, money: 12 }, NOW)
  first.flush()
  const second = open()
  assert.deepEqual(second.list(NOW), first.list(NOW))
  second.set('builder', '', { steps: 2, money: 500 }, 'month', NOW)
  assert.equal(second.exceeded('builder', undefined, NOW)?.unit, 'steps')
  second.set('builder', '', {}, 'month', NOW)
  assert.deepEqual([open().list(NOW), open().problem()], [[], undefined])
  db.exec('CREATE TABLE budgets (agent TEXT, task TEXT, body TEXT) STRICT')
  db.exec(`INSERT INTO budgets VALUES ('x', '', '{"agent":"x"}')`)
  assert.match(open().problem() ?? '', /without a seal/, 'a budget nobody can read must not become none')
  dropUnsealed(db)
  assert.equal(open().problem(), undefined)
})

test('whenever it crashes, what was used is never less than it was, and at most a hundredth more', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5000 }),
      fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 60 }),
      (limit, spends) => {
        const kept: { text?: SealedText } = {}
        const budgets = budgetsOn(kept)
        budgets.set('a', '', { steps: limit }, 'ever', NOW)
        let sum = 0
        for (const steps of spends) {
          budgets.spend('a', undefined, { steps }, NOW)
          sum += steps
          const used = budgetsOn({ ...kept }).list(NOW)[0]?.used.steps ?? 0
          assert.ok(used >= sum, `${used} after ${sum}`)
          assert.ok(used <= sum + limit / 100, `${used} after ${sum} of ${limit}`)
        }
        budgets.flush()
        assert.equal(budgetsOn(kept).list(NOW)[0]?.used.steps ?? 0, sum)
      },
    ),
  )
})

test('what is written ahead saves writing, and what cannot be written is not used', () => {
  const state = { writes: 0, isFull: false }
  const store = sealedBudgetStore(memorySealedStore(), mac)
  const budgets = new Budgets({
    store: {
      ...store,
      write(book) {
        if (state.isFull) throw new Error('disk full')
        state.writes++
        store.write(book)
      },
    },
  })
  budgets.set('a', '', { steps: 10_000 }, 'ever', NOW)
  for (let i = 0; i < 1000; i++) budgets.spend('a', undefined, { steps: 1 }, NOW)
  assert.ok(state.writes <= 12, String(state.writes))
  state.isFull = true
  assert.throws(() => budgets.spend('a', undefined, { steps: 500 }, NOW), /disk full/)
  assert.equal(budgets.list(NOW)[0]?.used.steps, 1000)
})

test('budgets that were changed, put back or lost are believed in no part, until somebody begins again', () => {
  const kept: { text?: SealedText } = {}
  const versions: number[] = []
  const store = sealedBudgetStore(memorySealedStore(kept), mac)
  const first = new Budgets({ store, changed: (version) => versions.push(version) })
  first.set('a', '', { steps: 10 }, 'ever', NOW)
  const old = kept.text!
  first.set('a', '', { steps: 5 }, 'ever', NOW)
  const [, seen = 0] = versions
  const body = kept.text!.body.replace('"steps":5', '"steps":500')
  assert.notEqual(body, kept.text!.body)
  const other = createHmac('sha256', 'another key').update('x').digest()
  for (const text of [{ ...kept.text!, body }, old, { ...old, mac: other }, undefined]) {
    const budgets = budgetsOn(text === undefined ? {} : { text }, seen)
    assert.match(budgets.problem() ?? '', /changed|version/)
    assert.deepEqual(budgets.list(NOW), [])
    assert.throws(() => budgets.set('a', '', { steps: 99 }, 'ever', NOW), { code: 'BUDGET_UNTRUSTED' })
    budgets.flush()
    assert.match(budgetsOn(text === undefined ? {} : { text }, seen).problem() ?? '', /changed|version/)
    budgets.reset(seen)
    assert.equal(budgets.problem(), undefined)
    budgets.set('a', '', { steps: 1 }, 'ever', NOW)
  }
})

test('a month or a day begins anew, and nothing else does', () => {
  const budgets = budgetsOn()
  for (const per of ['ever', 'day', 'month'] as const) {
    budgets.set(`by-${per}`, '', { tokens: 10 }, per, NOW)
    budgets.spend(`by-${per}`, undefined, { tokens: 10 }, NOW)
  }
  const left = (now: number) =>
    (['ever', 'day', 'month'] as const).filter(
      (per) => budgets.exceeded(`by-${per}`, undefined, now) === undefined,
    )
  assert.deepEqual(left(NOW), [])
  assert.deepEqual(left(NOW + HOUR_MS), ['day', 'month'], 'the first of February')
})

test('the ladder: normal, from four fifths on a warning, at the end nothing without a person', () => {
  const at = (steps: number) => stateOf({ limits: { steps: 10, tokens: 1000 }, used: { steps } })
  assert.deepEqual([0, 7, 8, 9, 10, 11].map(at), [
    'normal',
    'normal',
    'warning',
    'warning',
    'manual',
    'manual',
  ])
  assert.equal(stateOf({ limits: {}, used: { steps: 99 } }), 'normal')
  assert.equal(stateOf({ limits: { files: 0 }, used: {} }), 'manual')
})

test('whatever is spent, in whatever order, what is used is the sum, and nothing is ever given back', () => {
  const anySpend = fc.record(
    Object.fromEntries(BUDGET_UNITS.map((unit) => [unit, fc.integer({ min: -5, max: 50 })])),
  )
  fc.assert(
    fc.property(fc.array(anySpend, { maxLength: 20 }), (spends) => {
      const budgets = budgetsOn()
      budgets.set('a', '', { steps: 100 }, 'ever', NOW)
      const sum: Record<string, number> = {}
      for (const spend of spends) {
        budgets.spend('a', undefined, spend, NOW)
        for (const [unit, amount] of Object.entries(spend)) sum[unit] = (sum[unit] ?? 0) + Math.max(0, amount)
      }
      const [budget] = budgets.list(NOW)
      for (const unit of BUDGET_UNITS) assert.equal(budget?.used[unit] ?? 0, sum[unit] ?? 0)
      assert.equal(budgets.exceeded('a', undefined, NOW) !== undefined, (sum['steps'] ?? 0) >= 100)
    }),
  )
})

test('every question is a step; what was allowed counts as what it is', () => {
  assert.deepEqual(costOf({ namespace: 'process', verb: 'spawn' }, true), { steps: 1, toolCalls: 1 })
  assert.deepEqual(costOf({ namespace: 'fs', verb: 'write' }, true), { steps: 1, files: 1 })
  assert.deepEqual(costOf({ namespace: 'fs', verb: 'write' }, false), { steps: 1 })
  assert.deepEqual(costOf({ namespace: 'fs', verb: 'read' }, true), { steps: 1 })
})
