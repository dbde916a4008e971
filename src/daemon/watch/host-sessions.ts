import { existsSync, readFileSync, statSync } from 'node:fs'
import { uptime } from 'node:os'
import { dirname, join } from 'node:path'
import { messageOf } from '../../core/error.ts'
import type { Component } from '../../watch/health/index.ts'
import {
  parseSessions,
  RecordTail,
  UTMP_HERE,
  type Login,
  type SessionRecord,
} from '../../watch/host/index.ts'

export interface SessionsOptions {
  /** Where sessions are noted as they begin and end. */
  readonly log: string
  /** Where those stand that go on; the machine's own place unless told. */
  readonly now?: string
  readonly onLogin: (login: Login) => void
  /** A session that ended, by its account and terminal. */
  readonly onEnded: (record: SessionRecord) => void
  /** Whether another source tells of logins over the network already. */
  readonly isToldElsewhere: () => boolean
}

export const SESSION_LOG = '/var/log/wtmp'
const NOW = '/run/utmp'
/** More people than that are at no machine. */
const MOST_SESSIONS = 4096

/** Sessions of people, as the machine's own books have them: utmp, wtmp and btmp. */
export class Sessions {
  readonly #options: SessionsOptions
  readonly #began: RecordTail
  readonly #failed: RecordTail

  constructor(options: SessionsOptions) {
    this.#options = options
    this.#began = new RecordTail(options.log, UTMP_HERE.recordBytes)
    this.#failed = new RecordTail(bookOfFailed(options.log), UTMP_HERE.recordBytes)
  }

  look(): void {
    const { onLogin, onEnded, isToldElsewhere } = this.#options
    const isTold = isToldElsewhere()
    for (const record of parseSessions(this.#began.bytes())) {
      if (record.type === 'ended') onEnded(record)
      // who comes over the network is told by the log of logins, where that is read
      else if (record.type === 'began' && !(isTold && record.address !== undefined))
        onLogin(loginOf(record, 'accepted'))
    }
    for (const record of parseSessions(this.#failed.bytes())) {
      if (!isTold) onLogin(loginOf(record, 'failed'))
    }
  }

  part(): Component {
    const name = 'sessions'
    const { log, isToldElsewhere } = this.#options
    const fix = 'see docs/host-watch.md'
    if (!existsSync(log) && this.#began.problem !== undefined)
      return { name, state: 'off', why: `${log} is not there: this machine keeps no book of sessions` }
    if (this.#began.problem !== undefined) return { name, state: 'degraded', why: this.#began.problem, fix }
    if (isForgotten(log))
      return {
        name,
        state: 'off',
        why: `${log} was not written since this machine began: nothing notes sessions`,
      }
    const { told, unread } = peopleNow(this.#options.now ?? NOW)
    const isFailedLost =
      !isToldElsewhere() && this.#failed.problem !== undefined && existsSync(bookOfFailed(log))
    const lost = [...unread, ...(isFailedLost ? ['failed ones are not told (btmp cannot be read)'] : [])]
    const why = [log, ...told, ...lost].join('; ')
    // a part of it that nobody can read is not a part in which nothing happened
    return lost.length === 0 ? { name, state: 'ok', why } : { name, state: 'degraded', why, fix }
  }
}

function bookOfFailed(log: string): string {
  return join(dirname(log), 'btmp')
}

function loginOf(record: SessionRecord, type: 'accepted' | 'failed'): Login {
  const { account, address, line } = record
  return { type, account, service: line, ...(address === undefined ? {} : { source: address }) }
}

/** A file that was left there tells of nobody: the machine's own beginning would stand in it. */
function isForgotten(log: string): boolean {
  const stats = statSync(log, { throwIfNoEntry: false })
  return stats === undefined || stats.mtimeMs < Date.now() - uptime() * 1000
}

/** Who is at the machine now, as utmp has it; whoever is gone without saying so is not counted. */
function peopleNow(book: string): { readonly told: string[]; readonly unread: string[] } {
  try {
    const bytes = readFileSync(book).subarray(0, MOST_SESSIONS * UTMP_HERE.recordBytes)
    const open = parseSessions(bytes).filter(
      ({ type, pid }) => type === 'began' && existsSync(`/proc/${pid}`),
    )
    return { told: [`logged in now: ${open.length}`], unread: [] }
  } catch (error) {
    const unread = existsSync(book) ? [`who is logged in now cannot be read: ${messageOf(error)}`] : []
    return { told: [], unread }
  }
}
