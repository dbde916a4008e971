import * as z from 'zod'
import type { Json } from '../../core/canonical.ts'
import type { Db } from '../../platform/db.ts'
import { BUDGET_PERIODS, BUDGET_UNITS, type Budget, type BudgetStore } from './budget.ts'
import { seal, sqliteSealedStore, unseal, type Mac, type SealedStore } from './sealed.ts'

const amounts = z.partialRecord(z.enum(BUDGET_UNITS), z.number().min(0))
const stateSchema = z.strictObject({
  version: z.int().min(0),
  budgets: z.array(
    z.strictObject({
      agent: z.string().min(1),
      task: z.string(),
      limits: amounts,
      per: z.enum(BUDGET_PERIODS),
      used: amounts,
      period: z.string(),
    }),
  ),
})

const NAME = 'budgets'

/**
 * Budgets under one seal: a row that was changed, added or taken out is seen when it is read.
 *
 * @param atLeast the version the ledger has seen: what is older was put back
 */
export function sealedBudgetStore(store: SealedStore, mac: Mac, atLeast = 0): BudgetStore {
  return {
    read() {
      const text = store.read()
      const { version, budgets } =
        text === undefined ? { version: 0, budgets: [] } : stateSchema.parse(unseal(NAME, text, mac))
      if (version >= atLeast) return { version, budgets: budgets as Budget[] }
      throw new Error(`they are at version ${version}, and the ledger has seen ${atLeast}`)
    },
    write: (book) => store.write(seal(NAME, JSON.parse(JSON.stringify(book)) as Json, mac)),
  }
}

/** @throws Error for a file that cannot be opened */
export function sqliteBudgetStore(db: Db, mac: Mac, atLeast: number): BudgetStore {
  const sealed = sealedBudgetStore(sqliteSealedStore(db, NAME), mac, atLeast)
  return { ...sealed, read: () => (refuseUnsealed(db), sealed.read()) }
}

/** Budgets of before there was a seal: nobody can tell what they were. */
function refuseUnsealed(db: Db): void {
  const table = db.prepare(`SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'budgets'`).get()
  if (table === undefined || db.prepare('SELECT 1 FROM budgets LIMIT 1').get() === undefined) return
  throw new Error('budgets without a seal stand in the file')
}

/** Forgets what stood there without a seal. */
export function dropUnsealed(db: Db): void {
  db.exec('DROP TABLE IF EXISTS budgets')
}
