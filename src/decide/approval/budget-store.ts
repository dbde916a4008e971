import * as z from 'zod'
import { transaction, type Db } from '../../platform/db.ts'
import { BUDGET_PERIODS, BUDGET_UNITS, type Budget, type BudgetStore } from './budget.ts'

const SCHEMA = `
CREATE TABLE IF NOT EXISTS budgets (
  agent TEXT NOT NULL,
  task TEXT NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (agent, task)
) STRICT;
`

const amounts = z.partialRecord(z.enum(BUDGET_UNITS), z.number().min(0))
const bodySchema = z.strictObject({
  agent: z.string().min(1),
  task: z.string(),
  limits: amounts,
  per: z.enum(BUDGET_PERIODS),
  used: amounts,
  period: z.string(),
})

/** @throws when a row is not of its shape: a budget nobody can read must not become none */
export function sqliteBudgetStore(db: Db): BudgetStore {
  db.exec(SCHEMA)
  const all = db.prepare('SELECT body FROM budgets ORDER BY agent, task')
  const put = db.prepare('INSERT OR REPLACE INTO budgets (agent, task, body) VALUES (?, ?, ?)')
  const drop = db.prepare('DELETE FROM budgets WHERE agent = ? AND task = ?')
  return {
    read: () => all.all().map((row) => bodySchema.parse(JSON.parse(String(row['body']))) as Budget),
    write: (budgets) =>
      transaction(db, () => {
        for (const budget of budgets) {
          const { agent, task, limits } = budget
          if (Object.keys(limits).length === 0) drop.run(agent, task)
          else put.run(agent, task, JSON.stringify(budget))
        }
      }),
  }
}

export function memoryBudgetStore(kept = new Map<string, Budget>()): BudgetStore {
  return {
    read: () => [...kept.values()],
    write: (budgets) => {
      for (const budget of budgets) {
        const key = `${budget.agent}\n${budget.task}`
        if (Object.keys(budget.limits).length === 0) kept.delete(key)
        else kept.set(key, budget)
      }
    },
  }
}
