import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { messageOf } from '../../core/error.ts'
import type { Finding } from '../../core/incident.ts'
import type { SettingValues } from '../../platform/settings.ts'
import {
  BruteForce,
  finding,
  hostFinding,
  isExpected,
  listenerFinding,
  observedOf,
  parseDeclared,
  parseLogin,
  readListeners,
  readModules,
  startJournal,
  Tail,
  type Declared,
  type HostOrders,
  type Journal,
  type Listener,
  type Login,
  type Observed,
  type Seen,
  type SourceFact,
} from '../../watch/host/index.ts'
import type { Component } from '../../watch/health/index.ts'
import { Audit, AUDIT_LOG, bpftracePart } from './host-audit.ts'
import { SESSION_LOG, Sessions } from './host-sessions.ts'

export interface HostWatchOptions {
  readonly values: SettingValues
  readonly home: string
  readonly raise: (finding: Finding) => void
  /** Holds what happened against the rules. */
  readonly observe: (event: Observed) => void
  readonly now: () => number
}

const LOGS = ['/var/log/auth.log', '/var/log/secure']
const JOURNALS = ['/run/log/journal', '/var/log/journal']
/** The lookout takes 64 places. */
const MOST_OWN_PLACES = 20

/** Where programs are named that start by themselves, or what decides who may become whom. */
const SYSTEM_PLACES = [
  ...['/etc/crontab', '/etc/cron.d', '/etc/cron.hourly', '/etc/cron.daily', '/etc/cron.weekly'],
  ...['/etc/cron.monthly', '/var/spool/cron', '/etc/systemd/system', '/etc/systemd/user', '/etc/init.d'],
  ...['/etc/rc.local', '/etc/profile', '/etc/profile.d', '/etc/bash.bashrc', '/etc/ld.so.preload'],
  ...['/etc/ld.so.conf.d', '/etc/sudoers', '/etc/sudoers.d', '/etc/passwd', '/etc/shadow', '/etc/group'],
  ...['/etc/ssh/sshd_config', '/etc/ssh/sshd_config.d', '/etc/pam.d', '/etc/modules-load.d'],
  ...['/etc/udev/rules.d', '/etc/xdg/autostart'],
]
const HOME_PLACES = [
  ...['.ssh', '.bashrc', '.bash_profile', '.profile', '.zshrc', '.zshenv', '.config/autostart'],
  ...['.config/systemd/user', '.config/fish'],
]

/** What goes on at the host besides runs: programs, listeners, kernel modules, logins. */
export class HostWatch {
  readonly #options: HostWatchOptions
  readonly #declared: readonly Declared[]
  readonly #parents: ReadonlySet<string>
  readonly #logins: BruteForce
  readonly #listeners = new Map<string, Listener>()
  readonly #told = new Set<string>()
  #modules: ReadonlySet<string> | undefined
  #tail: Tail | undefined
  #journal: Journal | undefined
  #sessions: Sessions | undefined
  #audit: Audit | undefined
  #timer: NodeJS.Timeout | undefined
  #problem: string | undefined
  #isFirst = true

  /** @throws Error when a declared listener is none */
  constructor(options: HostWatchOptions) {
    const { values } = options
    this.#options = options
    this.#declared = values['watch.listeners'].map(parseDeclared)
    this.#parents = new Set(values['watch.parents'])
    this.#logins = new BruteForce({ threshold: values['watch.failed_logins'] })
  }

  /** What the lookout is to tell of. */
  orders(): HostOrders {
    const { values, home } = this.#options
    return {
      places: [
        ...SYSTEM_PLACES,
        ...HOME_PLACES.map((name) => join(home, name)),
        ...values['watch.places'].slice(0, MOST_OWN_PLACES),
      ],
      scanPorts: values['watch.scan_ports'],
      scanWindowMs: values['watch.scan_window'],
    }
  }

  begin(): void {
    const log = this.#options.values['watch.auth_log'] ?? LOGS.find((path) => existsSync(path))
    if (log !== undefined) this.#tail = new Tail(log)
    else if (JOURNALS.some((path) => existsSync(path)))
      this.#journal = startJournal((line) => this.#login(parseLogin(line)))
    this.#openBooks()
    this.look()
    this.#timer = setInterval(() => this.look(), this.#options.values['watch.host_interval']).unref()
  }

  close(): void {
    clearInterval(this.#timer)
    this.#journal?.close()
  }

  /** What the lookout saw. */
  see(seen: Seen): void {
    const { raise, observe } = this.#options
    const found = hostFinding(seen, { parents: this.#parents })
    if (found !== undefined) raise(found)
    const event = observedOf(seen)
    if (event !== undefined) observe(event)
  }

  look(): void {
    try {
      this.#lookAtListeners()
      this.#lookAtModules()
      for (const line of this.#tail?.lines() ?? []) this.#login(parseLogin(line))
      this.#sessions?.look()
      this.#audit?.look()
      this.#problem = undefined
      this.#isFirst = false
    } catch (error) {
      this.#problem = messageOf(error)
    }
  }

  facts(): readonly SourceFact[] {
    const { values } = this.#options
    const looks = { name: 'listeners and modules', inForce: this.#problem === undefined }
    const left = values['watch.places'].length - MOST_OWN_PLACES
    return [
      this.#problem === undefined ? looks : { ...looks, why: this.#problem },
      this.#loginFact(),
      ...(left > 0 ? [{ name: 'places', inForce: false, why: `${left} of watch.places are too many` }] : []),
    ]
  }

  /** What else tells of logins and more, each with a line of its own: that one of them is not there is no fault. */
  parts(): readonly Component[] {
    return [...[this.#sessions, this.#audit].flatMap((each) => each?.part() ?? []), bpftracePart()]
  }

  #openBooks(): void {
    const { values, raise, observe, now } = this.#options
    const onLogin = (login: Login) => this.#login(login)
    const isToldElsewhere = () => this.#loginFact().inForce
    this.#sessions = new Sessions({
      ...{ log: values['watch.session_log'] ?? SESSION_LOG, onLogin, isToldElsewhere },
      onEnded: ({ account, line }) =>
        observe({ at: now(), source: 'login', type: 'ended', fields: { account, service: line } }),
    })
    this.#audit = new Audit({
      ...{ log: values['watch.audit_log'] ?? AUDIT_LOG, raise, observe, onLogin },
      // one login is counted once
      isToldElsewhere: () => isToldElsewhere() || this.#sessions?.part().state === 'ok',
    })
  }

  #loginFact(): SourceFact {
    const name = 'logins'
    if (this.#journal !== undefined) {
      const why = this.#journal.problem()
      return why === undefined ? { name, inForce: true } : { name, inForce: false, why }
    }
    const why =
      this.#tail === undefined ? 'there is neither a log of logins nor a journal' : this.#tail.problem
    return why === undefined ? { name, inForce: true } : { name, inForce: false, why }
  }

  #lookAtListeners(): void {
    const { raise, observe, now } = this.#options
    const found = readListeners(this.#listeners)
    this.#listeners.clear()
    const open = new Set<string>()
    for (const listener of found) {
      this.#listeners.set(listener.inode, listener)
      const key = `${listener.protocol}/${listener.address}:${listener.port}/${listener.program ?? ''}`
      open.add(key)
      if (this.#told.has(key)) continue
      this.#told.add(key)
      observe(listening(listener, now()))
      if (!isExpected(listener, this.#declared)) raise(listenerFinding(listener, !this.#isFirst, now()))
    }
    for (const key of this.#told) if (!open.has(key)) this.#told.delete(key) // told again when it comes back
  }

  #lookAtModules(): void {
    const { raise, now } = this.#options
    const before = this.#modules
    this.#modules = readModules()
    if (before === undefined || this.#modules === undefined) return
    for (const name of this.#modules) if (!before.has(name)) raise(moduleFinding(name, 'loaded', now()))
    for (const name of before) if (!this.#modules.has(name)) raise(moduleFinding(name, 'unloaded', now()))
  }

  #login(login: Login | undefined): void {
    const { raise, observe, now } = this.#options
    if (login === undefined) return
    const { type, account, source, service } = login
    const fields = { account, service, ...(source === undefined ? {} : { source_address: source }) }
    observe({ at: now(), source: 'login', type, fields })
    for (const each of this.#logins.take(login, now())) raise(each)
  }
}

function listening({ protocol, address, port, program }: Listener, at: number): Observed {
  const fields = { protocol, address, port, ...(program === undefined ? {} : { program }) }
  return { at, source: 'network', type: 'listen', fields }
}

function moduleFinding(name: string, what: 'loaded' | 'unloaded', at: number): Finding {
  return finding(at, 'module', what === 'loaded' ? 'high' : 'medium', name, {
    summary: `the kernel module ${name} was ${what}`,
    evidence: { module: name, what },
  })
}
