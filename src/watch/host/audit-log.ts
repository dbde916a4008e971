import type { Login } from './logins.ts'

/** One line of the log of auditd. Values are the attacker's own words; the encoding keeps them from being fields. */
export interface AuditRecord {
  readonly type: string
  readonly at: number
  /** Records of one event share it. */
  readonly serial: number
  readonly fields: ReadonlyMap<string, string>
}

const LONGEST = 16 * 1024
const MOST_FIELDS = 256
/** Written by the library for people, after everything that counts. */
const ENRICHED = '\u001d'
/** Values others choose: quoted when they are plain, in hexadecimal when they are not. */
const UNTRUSTED = /^(?:acct|cmd|comm|cwd|exe|key|name|proctitle|a\d{1,4})$/

/** @returns undefined for what is no record */
export function parseAudit(line: string): AuditRecord | undefined {
  if (line.length > LONGEST) return undefined
  const head =
    /^(?:node=\S{1,256} )?type=([A-Z0-9_]{1,40}) msg=audit\((\d{1,12})\.(\d{3}):(\d{1,15})\):(?: (.*))?$/s.exec(
      line,
    )
  const [, type, seconds, milliseconds, serial, rest = ''] = head ?? []
  if (type === undefined) return undefined
  const fields = new Map<string, string>()
  fieldsIn(rest.split(ENRICHED, 1)[0] ?? '', fields)
  return { type, at: Number(seconds) * 1000 + Number(milliseconds), serial: Number(serial), fields }
}

/** The first of a name counts: what a program wrote comes after what the kernel wrote. */
function fieldsIn(text: string, fields: Map<string, string>): void {
  for (const part of text.matchAll(/([A-Za-z][\w-]*)=("[^"]*"|'[^']*'|\S*)/g)) {
    const [, name = '', value = ''] = part
    if (fields.size >= MOST_FIELDS) return
    if (name === 'msg' && value.startsWith("'")) fieldsIn(value.slice(1, -1), fields)
    else if (!fields.has(name)) fields.set(name, valueOf(name, value))
  }
}

function valueOf(name: string, value: string): string {
  if (value.startsWith('"')) return value.slice(1, -1)
  const isEncoded = UNTRUSTED.test(name) && /^(?:[0-9A-F]{2})+$/i.test(value)
  return isEncoded
    ? Buffer.from(value, 'hex')
        .toString('utf8')
        .replaceAll(/[\0-\x1f\x7f]/g, '?')
    : value
}

/** Offering a key that is not taken is how every client begins; only what a person had to know counts. */
const ASKED = new Set(['PAM:authentication', 'password'])

/** A login, as far as this record tells of one. */
export function loginIn({ type, fields }: AuditRecord): Login | undefined {
  const isFailed = fields.get('res') === 'failed'
  const isOne = isFailed
    ? type === 'USER_AUTH' && ASKED.has(fields.get('op') ?? '')
    : type === 'USER_LOGIN' && fields.get('res') === 'success'
  if (!isOne) return undefined
  const address = fields.get('addr')
  const service = (fields.get('exe') ?? 'audit').split('/').at(-1) ?? 'audit'
  const account = fields.get('acct') ?? fields.get('id') ?? ''
  const hasAddress = address !== undefined && /^[0-9a-fA-F:.]{2,45}$/.test(address)
  return {
    ...{ type: isFailed ? 'failed' : 'accepted', account, service },
    ...(hasAddress ? { source: address } : {}),
  }
}

/** What a call of the system was, that a rule of the machine's administrator asked auditd to write down. */
export interface AuditedCall {
  readonly at: number
  readonly program: string
  readonly pid: number
  readonly parent: number
  readonly uid: number
  /** Who logged in, whatever they became since; absent for what no login led to. */
  readonly login?: number
  readonly isSuccess: boolean
  /** The rule's own name. */
  readonly key?: string
  /** How many words the command had, when a program was started. */
  readonly words?: number
}

const MOST_OPEN = 256
const NO_LOGIN = 4_294_967_295

/** Puts together the records of one call. */
export class AuditedCalls {
  readonly #open = new Map<number, AuditedCall>()

  /** @returns the call this record completes */
  take(record: AuditRecord): AuditedCall | undefined {
    if (record.type === 'SYSCALL') this.#begin(record)
    if (record.type === 'EXECVE') this.#addWords(record)
    // the last one of every event the kernel writes
    if (record.type !== 'EOE' && record.type !== 'PROCTITLE') return undefined
    const call = this.#open.get(record.serial)
    this.#open.delete(record.serial)
    return call
  }

  #begin({ serial, at, fields }: AuditRecord): void {
    const number = (name: string): number => Number(fields.get(name) ?? Number.NaN)
    const key = fields.get('key')
    const login = number('auid')
    const pid = number('pid')
    if (!Number.isSafeInteger(pid)) return
    this.#open.set(serial, {
      ...{ at, pid, program: fields.get('exe') ?? '', isSuccess: fields.get('success') === 'yes' },
      ...{ parent: number('ppid') || 0, uid: number('uid') || 0 },
      ...(Number.isSafeInteger(login) && login !== NO_LOGIN ? { login } : {}),
      ...(key === undefined || key === '(null)' ? {} : { key }),
    })
    const oldest = this.#open.keys().next().value
    if (this.#open.size > MOST_OPEN && oldest !== undefined) this.#open.delete(oldest)
  }

  #addWords({ serial, fields }: AuditRecord): void {
    const call = this.#open.get(serial)
    const words = Number(fields.get('argc'))
    if (call !== undefined && Number.isSafeInteger(words)) this.#open.set(serial, { ...call, words })
  }
}

/** Somebody makes audit say less: what in words; undefined for everything else. */
export function auditWeakened({ type, fields }: AuditRecord): string | undefined {
  if (type === 'DAEMON_END' || type === 'DAEMON_ABORT') return 'auditd was ended'
  if (type !== 'CONFIG_CHANGE') return undefined
  if (fields.get('audit_enabled') === '0' && fields.get('old') !== '0') return 'audit was switched off'
  return fields.get('op') === 'remove_rule' ? 'a rule of audit was removed' : undefined
}
