import { join } from 'node:path'
import { GRANT_TABLE, GrantBook, sqliteGrantStore, type GrantBookOptions } from '../decide/policy/index.ts'
import { openDb } from '../platform/db.ts'
import type { Ledger } from '../record/audit/index.ts'
import { takenBack } from './taken-back.ts'

export interface OpenGrantsOptions extends Omit<GrantBookOptions, 'store' | 'takenBack'> {
  readonly stateDirectory: string
  readonly ledger: Ledger
}

/** The grants as the disk has them; what the record says was taken back stays so. */
export function openGrants({ stateDirectory, ledger, ...options }: OpenGrantsOptions) {
  const db = openDb(join(stateDirectory, 'grants.db'), { appendOnly: [GRANT_TABLE] })
  const grants = new GrantBook({
    ...options,
    store: sqliteGrantStore(db),
    takenBack: takenBack(ledger, options.now),
  })
  return { grants, close: () => db.close() }
}
