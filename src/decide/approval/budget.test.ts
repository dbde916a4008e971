import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { openDb } from '../../platform/db.ts'
import { memoryBudgetStore, sqliteBudgetStore } from './budget-store.ts'
import { Budgets, BUDGET_UNITS, costOf, stateOf, type Budget } from './budget.ts'

const NOW = Date.UTC(2026, 0, 31, 23, 0)
const HOUR_MS = 3_600_000

test('what is used up is used up, for the agent and for the task, and others are not touched', () => {
  const budgets = new Budgets(memoryBudgetStore())
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
  const first = new Budgets(sqliteBudgetStore(db))
  first.set('builder', '', { steps: 2, money: 500 }, 'month', NOW)
  first.spend('builder', undefined, { steps: 2, money: 12 }, NOW)
  first.flush()
  const second = new Budgets(sqliteBudgetStore(db))
  assert.deepEqual(second.list(NOW), first.list(NOW))
  second.set('builder', '', { steps: 2, money: 500 }, 'month', NOW)
  assert.equal(second.exceeded('builder', undefined, NOW)?.unit, 'steps')
  second.set('builder', '', {}, 'month', NOW)
  assert.deepEqual(new Budgets(sqliteBudgetStore(db)).list(NOW), [])
  db.exec(`INSERT INTO budgets VALUES ('x', '', '{"agent":"x"}')`)
  assert.throws(() => new Budgets(sqliteBudgetStore(db)), 'a budget nobody can read must not become none')
})

test('a month or a day begins anew, and nothing else does', () => {
  const budgets = new Budgets(memoryBudgetStore())
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
      const kept = new Map<string, Budget>()
      const budgets = new Budgets(memoryBudgetStore(kept))
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
