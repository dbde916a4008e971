import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openDb } from '../../platform/db.ts'
import { peopleStoreContract } from './store.contract.ts'
import { memoryPeopleStore } from './store.memory.ts'
import { sqlitePeopleStore } from './store.ts'

peopleStoreContract('memory', () => ({ store: memoryPeopleStore(), close: () => {} }))
peopleStoreContract('sqlite', () => {
  const directory = mkdtempSync(join(tmpdir(), 'warder-people-'))
  const db = openDb(join(directory, 'people.db'))
  return {
    store: sqlitePeopleStore(db),
    close: () => {
      db.close()
      rmSync(directory, { recursive: true })
    },
  }
})
