import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Somebody who works at this machine, not through Warder. */
export interface Human {
  readonly user: string
  /** The terminal, or `ssh` for a session without one. */
  readonly line: string
  /** The address, for somebody who is not at the machine. */
  readonly from?: string
  /** ISO time, where it is known. */
  readonly since?: string
}

export interface HumanPlaces {
  readonly utmp: readonly string[]
  readonly logind: string
  readonly proc: string
}

const PLACES: HumanPlaces = {
  utmp: ['/run/utmp', '/var/run/utmp'],
  logind: '/run/systemd/sessions',
  proc: '/proc',
}

/**
 * Who is logged in, as far as this machine keeps a list: utmp, logind, and the processes of sshd, which are there even
 * where the lists are not. Somebody who hides from all three is not found.
 */
export function humanSessions(places = PLACES): Human[] {
  const found = [
    ...places.utmp.flatMap((path) => utmpSessions(bytesOf(path))),
    ...namesIn(places.logind).flatMap((name) => logindSession(textOf(join(places.logind, name)))),
    ...namesIn(places.proc).flatMap((name) => sshSession(places.proc, name)),
  ]
  const known = new Map<string, Human>()
  for (const human of found) {
    const key = `${human.user} ${human.line}`
    known.set(key, { ...human, ...known.get(key) }) // who told first told most
  }
  return [...known.values()]
}

/** struct utmp of glibc: 32-bit times where the machine is compatible with one of 32 bits, else 64-bit ones. */
const LAYOUT = process.arch === 'arm64' ? { size: 400, time: 344 } : { size: 384, time: 340 }
const USER_PROCESS = 7

export function utmpSessions(bytes: Buffer, { size, time } = LAYOUT): Human[] {
  const count = Math.floor(bytes.length / size)
  return Array.from({ length: count }, (_, at) => bytes.subarray(at * size, (at + 1) * size)).flatMap(
    (record) => {
      if (record.readInt16LE(0) !== USER_PROCESS) return []
      const [line, user, host] = [word(record, 8, 32), word(record, 44, 32), word(record, 76, 256)]
      const seconds = size === 400 ? Number(record.readBigInt64LE(time)) : record.readUInt32LE(time)
      return user === ''
        ? []
        : [{ user, line, ...fromOf(host), since: new Date(seconds * 1000).toISOString() }]
    },
  )
}

function logindSession(text: string): Human[] {
  const fields = Object.fromEntries(
    text.split('\n').flatMap((each) => {
      const [, key, value] = /^([A-Z_]+)=(.*)$/.exec(each) ?? []
      return key === undefined || value === undefined ? [] : [[key, value] as const]
    }),
  )
  const {
    USER: user = '',
    CLASS: kind = '',
    TTY: tty = '',
    SERVICE: service = '',
    REALTIME: time = '',
  } = fields
  if (user === '' || !kind.startsWith('user')) return []
  const line = tty === '' ? (service === 'sshd' ? 'ssh' : service) : tty
  const since = /^\d{1,17}$/.test(time) ? { since: new Date(Number(time) / 1000).toISOString() } : {}
  return [{ user, line, ...fromOf(fields['REMOTE_HOST'] ?? ''), ...since }]
}

/** sshd calls the process of a session `sshd: user@pts/0`, or `user@notty` where none was asked for. */
function sshSession(proc: string, pid: string): Human[] {
  if (!/^\d+$/.test(pid) || !/^sshd/.test(textOf(join(proc, pid, 'comm')))) return []
  const [, user, tty] =
    /^sshd(?:-session)?: ([a-z_][a-z0-9_.-]*)@(\S+)/.exec(
      textOf(join(proc, pid, 'cmdline')).replaceAll('\0', ' '),
    ) ?? []
  return user === undefined || tty === undefined ? [] : [{ user, line: tty === 'notty' ? 'ssh' : tty }]
}

function fromOf(host: string): { readonly from?: string } {
  return host === '' || host.startsWith(':') ? {} : { from: host }
}

function word(record: Buffer, at: number, length: number): string {
  const bytes = record.subarray(at, at + length)
  const end = bytes.indexOf(0)
  return bytes.toString('latin1', 0, end === -1 ? length : end).replaceAll(/[^\x20-\x7e]/g, '?')
}

function bytesOf(path: string): Buffer {
  try {
    return readFileSync(path)
  } catch {
    return Buffer.alloc(0) // no list here: the others are asked
  }
}

function textOf(path: string): string {
  return bytesOf(path).toString('utf8')
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch {
    return []
  }
}
