import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import type { House } from './house.ts'
import { isAlive, until } from './house.ts'

/** Ends the daemon of a house the orderly way and waits until it is gone. */
export async function endDaemon(house: House): Promise<void> {
  const { code, stderr } = await house.command(['daemon', 'stop'])
  assert.equal(code, 0, stderr)
}

/** Ends it without a word to it, and waits until the kernel has cleaned up. Nobody starts it again. */
export async function killDaemon(house: House): Promise<void> {
  const pid = house.daemonPid()
  assert.ok(pid !== undefined, 'there is a daemon to kill')
  const supervisor = house.supervisorPid()
  if (supervisor !== undefined) process.kill(supervisor, 'SIGSTOP') // it would see the death of the one and not of the other
  process.kill(pid, 'SIGKILL')
  if (supervisor !== undefined) process.kill(supervisor, 'SIGKILL')
  await until(() => !isAlive(pid), 'the daemon is dead')
}

/** What somebody with the user's rights does to a database of Warder's: opens it and writes, triggers or not. */
export function tamper(
  path: string,
  sql: string,
  ...values: readonly (string | number | Uint8Array)[]
): number {
  const db = new DatabaseSync(path)
  try {
    const triggers = db.prepare(`SELECT name FROM sqlite_schema WHERE type = 'trigger'`).all()
    for (const { name } of triggers) db.exec(`DROP TRIGGER ${String(name)}`)
    const { changes } = db.prepare(sql).run(...values)
    db.exec('PRAGMA wal_checkpoint(TRUNCATE)')
    return Number(changes)
  } finally {
    db.close()
  }
}
