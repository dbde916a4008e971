import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { ClientError } from '../../client/error.ts'
import { calls } from '../../client/calls.ts'
import { emergencyError } from '../../contain/emergency/index.ts'
import {
  Lockout,
  OwnerAccess,
  PeopleBook,
  peopleKeys,
  Sessions,
  sqlitePeopleStore,
} from '../../decide/identity/index.ts'
import { openDb } from '../../platform/db.ts'
import { openKeys } from '../../record/sign/index.ts'
import type { Context } from '../command.ts'
import { answers } from './emergency-daemon.ts'

const ANSWER_MS = 15_000

/**
 * Lets whoever knows the owner's passphrase through: the daemon is asked, and where none answers the book of people is
 * read here, with the same pauses after failures.
 *
 * @throws EmergencyError `EMERGENCY_NO_PASSPHRASE`; IdentityError, ClientError when it is not the passphrase
 */
export async function requirePassphrase(context: Context, passphrase: string): Promise<void> {
  if (!(await answers(context))) return await checkHere(context, passphrase)
  try {
    const api = calls(await context.client({ start: false }))
    await api.call('passphraseCheck', { passphrase }, AbortSignal.timeout(ANSWER_MS))
  } catch (error) {
    const isNone = error instanceof ClientError && error.code === 'PASSPHRASE_ABSENT'
    if (isNone) throw noPassphrase()
    const hasAnswered = error instanceof ClientError && error.problem !== undefined
    if (hasAnswered) throw error
    await checkHere(context, passphrase)
  }
}

async function checkHere({ config: { values }, clock }: Context, passphrase: string): Promise<void> {
  const path = join(values['paths.state'], 'people.db')
  if (!existsSync(path)) throw noPassphrase()
  const keys = peopleKeys(openKeys(values['paths.keys'], { create: false }).secret('people'))
  const mask = process.umask(0o077)
  const db = openDb(path)
  process.umask(mask)
  try {
    const now = () => clock.now()
    const book = new PeopleBook({ store: sqlitePeopleStore(db), keys, atLeast: 0 })
    const times = {
      idleMs: values['session.idle_timeout'],
      absoluteMs: values['session.max_duration'],
      freshMs: values['session.fresh_for'],
    }
    const sessions = new Sessions({ book, keys, now, times })
    const owner = new OwnerAccess({
      book,
      lockout: new Lockout(book, now),
      sessions,
      now,
      isGenuine: () => false,
    })
    if (!owner.hasPassphrase()) throw noPassphrase()
    const uid = process.getuid?.()
    await owner.check(passphrase, uid === undefined ? {} : { uid })
  } finally {
    db.close()
  }
}

function noPassphrase() {
  return emergencyError(
    'EMERGENCY_NO_PASSPHRASE',
    'what destroys keys or data asks for the owner’s passphrase, and none is set',
    'warder emergency wipe --level 1 needs none; or set one first: warder owner passphrase set',
  )
}
