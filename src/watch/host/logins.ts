import type { Finding } from '../../core/incident.ts'
import { finding } from './host.ts'

export interface Login {
  readonly type: 'failed' | 'accepted' | 'refused-privilege'
  readonly account: string
  /** Absent for what happens at the machine itself. */
  readonly source?: string
  /** `sshd`, `sudo`, `su`. */
  readonly service: string
}

/**
 * One line of a log of logins. The name of an account is the attacker's own words: everything after it is read from the
 * end of the line, so that a name with ` from 10.0.0.1 port 22 ssh2` in it blames nobody else.
 */
export function parseLogin(line: string): Login | undefined {
  const parts = /^(?:\S+\s+\d+ [\d:]+|\S+T\S+) \S+ ([\w-]+)(?:\[\d+\])?: (.*)$/.exec(line)
  const [, program, said] = parts ?? []
  if (program === undefined || said === undefined) return undefined
  if (program === 'sshd' || program === 'sshd-session') return parseSsh(said)
  return program === 'sudo' || program === 'su' ? parseSudo(program, said) : undefined
}

function parseSsh(said: string): Login | undefined {
  const failed =
    /^Failed [\w/-]+ for (?:invalid user )?(.*) from ([0-9a-fA-F:.]+)(?:%\w+)? port \d{1,5}(?: ssh2)?$/.exec(
      said,
    )
  if (failed !== null) return of('failed', 'sshd', failed)
  const accepted =
    /^Accepted [\w/-]+ for (.*) from ([0-9a-fA-F:.]+)(?:%\w+)? port \d{1,5} ssh2(?:: .*)?$/.exec(said)
  if (accepted !== null) return of('accepted', 'sshd', accepted)
  const unknown =
    /^(?:Invalid|Connection closed by invalid|Disconnected from invalid) user (.*?) (?:from )?([0-9a-fA-F:.]+)(?:%\w+)? port \d{1,5}(?: \[preauth\])?$/.exec(
      said,
    )
  // told with each failed key as well, where it is not counted twice: keys of unknown users are not logged as failed
  return unknown !== null && said.startsWith('Connection closed') ? of('failed', 'sshd', unknown) : undefined
}

function of(type: Login['type'], service: string, [, account, source]: RegExpExecArray): Login {
  return { type, service, account: account ?? '', ...(source === undefined ? {} : { source }) }
}

function parseSudo(service: string, said: string): Login | undefined {
  const failed = /^pam_unix\((?:sudo|su)(?:-l)?:auth\): authentication failure;.* user=(\S+)$/.exec(said)
  if (failed !== null) return { type: 'failed', service, account: failed[1] ?? '' }
  const refused =
    /^\s*(\S+) : (?:user NOT in sudoers|command not allowed|\d+ incorrect password attempts?) ;/.exec(said)
  return refused === null ? undefined : { type: 'refused-privilege', service, account: refused[1] ?? '' }
}

export interface BruteForceOptions {
  /** So many within the window are brute force. */
  readonly threshold: number
  readonly windowMs?: number
}

const WINDOW_MS = 600_000
/** Names and addresses are an attacker's: no more are kept, the oldest go first. */
const MOST_KEPT = 4096
/** More refusals of rights than this within the window are told. */
const MOST_REFUSED = 5

/** Counts failed logins by where they come from and whom they are for. */
export class BruteForce {
  readonly #threshold: number
  readonly #windowMs: number
  readonly #times = new Map<string, number[]>()

  constructor({ threshold, windowMs = WINDOW_MS }: BruteForceOptions) {
    this.#threshold = threshold
    this.#windowMs = windowMs
  }

  /** @returns what is to be told; the same again only after the window */
  take(login: Login, at: number): Finding[] {
    if (login.type === 'accepted') return [session(login, at)]
    if (login.type === 'refused-privilege')
      return this.#count(`refused:${login.account}`, MOST_REFUSED + 1, at)
        ? [refused(login, at, MOST_REFUSED)]
        : []
    const findings: Finding[] = []
    if (login.source !== undefined && this.#count(`source:${login.source}`, this.#threshold, at))
      findings.push(brute(`from ${login.source}`, login, at, this.#threshold, `source:${login.source}`))
    if (this.#count(`account:${login.account}`, this.#threshold, at))
      findings.push(
        brute(`for the account ${login.account}`, login, at, this.#threshold, `account:${login.account}`),
      )
    return findings
  }

  /** True exactly when the threshold is reached. */
  #count(key: string, threshold: number, at: number): boolean {
    const known = (this.#times.get(key) ?? []).filter((time) => time > at - this.#windowMs)
    this.#times.delete(key) // and in again, as the newest
    this.#times.set(key, [...known, at].slice(-threshold - 1))
    const oldest = this.#times.keys().next().value
    if (this.#times.size > MOST_KEPT && oldest !== undefined) this.#times.delete(oldest)
    return known.length + 1 === threshold
  }
}

function brute(whose: string, login: Login, at: number, count: number, part: string): Finding {
  return finding(at, 'brute-force', 'high', part, {
    summary: `${count} failed logins ${whose} within ten minutes (${login.service})`,
    evidence: loginOf(login),
  })
}

function refused(login: Login, at: number, most: number): Finding {
  return finding(at, 'privilege-refused', 'medium', login.account, {
    summary: `${login.account} was refused the rights of another user more than ${most} times (${login.service})`,
    evidence: loginOf(login),
  })
}

/** A person is at the machine from elsewhere: good to know, and no attack. */
function session(login: Login, at: number): Finding {
  return finding(at, 'session', 'low', `${login.account}:${login.source ?? ''}`, {
    summary: `${login.account} logged in from ${login.source ?? 'this machine'} (${login.service})`,
    evidence: loginOf(login),
  })
}

function loginOf({ account, service, source }: Login): Finding['evidence'] {
  return { account, service, ...(source === undefined ? {} : { source_address: source }) }
}
