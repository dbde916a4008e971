import { existsSync } from 'node:fs'
import type { Finding } from '../../core/incident.ts'
import type { Component } from '../../watch/health/index.ts'
import {
  AuditedCalls,
  auditWeakened,
  finding,
  isRootRunning,
  loginIn,
  parseAudit,
  Tail,
  type AuditedCall,
  type Login,
  type Observed,
} from '../../watch/host/index.ts'

export interface AuditOptions {
  readonly log: string
  readonly raise: (finding: Finding) => void
  readonly observe: (event: Observed) => void
  readonly onLogin: (login: Login) => void
  /** Whether another source tells of logins already. */
  readonly isToldElsewhere: () => boolean
}

export const AUDIT_LOG = '/var/log/audit/audit.log'
const DAEMON = 'auditd'

/** What auditd writes down, where it runs: calls its rules ask for, logins, and that somebody makes it say less. */
export class Audit {
  readonly #options: AuditOptions
  readonly #calls = new AuditedCalls()
  readonly #tail: Tail

  constructor(options: AuditOptions) {
    this.#options = options
    this.#tail = new Tail(options.log)
  }

  look(): void {
    const { observe, onLogin, raise, isToldElsewhere } = this.#options
    const isTold = isToldElsewhere()
    for (const line of this.#tail.lines()) {
      const record = parseAudit(line)
      if (record === undefined) continue
      const call = this.#calls.take(record)
      if (call !== undefined) observe(observedCall(call))
      const weakened = auditWeakened(record)
      if (weakened !== undefined) raise(weakenedFinding(weakened, record.at))
      const login = isTold ? undefined : loginIn(record)
      if (login !== undefined) onLogin(login)
    }
  }

  part(): Component {
    const { log } = this.#options
    const off = (why: string): Component => ({ name: DAEMON, state: 'off', why })
    if (!isRootRunning(DAEMON)) return off(`${DAEMON} does not run on this machine`)
    if (this.#tail.problem === undefined) return { name: DAEMON, state: 'ok', why: log }
    const why = existsSync(log) ? this.#tail.problem : `${log} is not there`
    return {
      name: DAEMON,
      state: 'degraded',
      why: `it runs, and its log cannot be read: ${why}`,
      fix: 'watch.audit_log',
    }
  }
}

/** Without the words of the command, which may hold secrets. */
function observedCall(call: AuditedCall): Observed {
  const { at, program, pid, parent, uid, login, isSuccess, key, words } = call
  return {
    ...{ at, source: 'process', type: 'audited' },
    fields: {
      ...{ program, pid, parent, uid, success: isSuccess },
      ...(login === undefined ? {} : { login_uid: login }),
      ...(key === undefined ? {} : { key }),
      ...(words === undefined ? {} : { words }),
    },
  }
}

function weakenedFinding(what: string, at: number): Finding {
  return finding(at, 'audit-weakened', 'high', what, {
    summary: `${what}: what it was to write down goes unwritten from here on`,
    evidence: { what },
  })
}

/** Present or not, it is not used; whoever asks is told why. */
export function bpftracePart(path = '/usr/bin/bpftrace'): Component {
  const there = existsSync(path) ? 'installed, and not used' : 'not installed, and not needed'
  const why = `${there}: the process connector, fanotify and /proc tell the same without programs put into the kernel`
  return { name: 'bpftrace', state: 'off', why }
}
