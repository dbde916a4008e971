import { join } from 'node:path'
import {
  dueSteps,
  fileIncidentStore,
  IncidentBook,
  Outbox,
  type ActionPorts,
  type Incident,
} from '../../contain/incident/index.ts'
import { Quarantine } from '../../contain/quarantine/index.ts'
import type { Finding } from '../../core/incident.ts'
import { Deadlines } from './deadlines.ts'
import { blockPort, closeEgressPort } from './egress.ts'
import { bookInRecord, incidentEvent, isRecorded } from './events.ts'
import { evidencePort } from './evidence.ts'
import { freezePort, killPort } from './freezing.ts'
import { holdAgain, release } from './holding.ts'
import type { ContainOptions } from './options.ts'
import { quarantinePort } from './quarantining.ts'
import { disableSecretsPort, lockSecretsPort, revokePort, type RevokeOptions } from './rights.ts'
import { rollBackPort } from './rolling-back.ts'
import { isOutcome, outcomeToTell } from './told.ts'

export type IncidentsOptions = ContainOptions & Pick<RevokeOptions, 'allowances'>

/** Counts of bursts are written so often; a report is told as taken once it is on the disk. */
const FLUSH_MS = 250

/** Opens the book of incidents and what acts on it. Nothing is made on the disk before the first incident is. */
export class Incidents {
  readonly book: IncidentBook
  readonly outbox: Outbox
  readonly quarantine: Quarantine
  readonly #options: IncidentsOptions
  readonly #deadlines: Deadlines
  #flushed:
    | { readonly done: Promise<void>; readonly timer: NodeJS.Timeout; readonly now: () => void }
    | undefined

  constructor(options: IncidentsOptions) {
    const { values, keys, ledger, clock, lost, append, redact, send } = options
    const now = () => clock.now()
    this.#options = options
    this.quarantine = new Quarantine(join(values['paths.state'], 'quarantine'), now)
    const store = fileIncidentStore({
      path: join(values['paths.state'], 'incidents', 'incidents.jsonl'),
      mac: (text) => keys.secret('budget').mac(text),
      seen: bookInRecord(ledger),
      now,
    })
    this.book = new IncidentBook({
      ...{ store, now, groupMs: values['alert.group'], isOwn: isAboutWarder },
      told: (event, incident, number) => {
        if (isRecorded(event)) void append(incidentEvent(event, incident, number)).catch(lost)
        if (event.what === 'moved' && isOutcome(event.to)) send(outcomeToTell(incident, event.to, redact))
      },
    })
    const ports = portsOf({ ...options, quarantine: this.quarantine })
    this.outbox = new Outbox({ book: this.book, ports, now, monotonicMs: () => clock.monotonicMs(), lost })
    this.#deadlines = new Deadlines({ ...options, book: this.book })
  }

  /**
   * Makes an incident of a finding, or counts it to one that goes on, and acts. A finding without a class is none.
   *
   * @returns its id, once the report is on the disk
   */
  readonly report = async (finding: Finding): Promise<string | undefined> => {
    if (finding.class === undefined) return undefined
    const { id, isNew } = this.book.report({ ...finding, class: finding.class })
    this.outbox.kick()
    if (!isNew) {
      this.outbox.again(id)
      await this.#flush()
    }
    return id
  }

  /** What an earlier daemon left undone goes on, and what latched incidents hold is held again. */
  begin(): void {
    const damage = this.book.isDamaged ? this.book.problem() : undefined
    for (const incident of this.book.active()) holdAgain(this.#options, incident)
    if (damage !== undefined) {
      void this.report({
        ...{
          rule: 'incidents.book',
          source: 'incidents',
          severity: 'critical',
          class: 'integrity_violation',
        },
        ...{ summary: damage, at: this.#options.clock.now(), key: 'incidents.book', evidence: { own: true } },
      }).catch(this.#options.lost)
    }
    this.outbox.kick()
    this.#deadlines.begin()
  }

  /** Whether an agent is being contained just now: it may be held frozen for its evidence before it ends. */
  isActingOn(agent: string): boolean {
    return this.book.active().some((each) => each.agent === agent && each.state === 'containing')
  }

  /** What is wrong, for the status. */
  problems(): string[] {
    const problem = this.book.problem()
    const open = this.book.active().filter(({ state }) => state !== 'acknowledged')
    const failed = open.filter(({ state }) => state === 'containment_failed')
    const now = this.#options.clock.now()
    const due = this.book
      .active()
      .flatMap((each) => dueSteps(each, now).map(({ id, dueAt = 0 }) => ({ of: each.id, id, dueAt })))
    return [
      ...(problem === undefined ? [] : [problem]),
      ...due.map(
        ({ of, id, dueAt }) =>
          `${of}: step ${id} ${dueAt <= now ? 'should have been done by' : 'is due by'} ${new Date(dueAt).toISOString()}`,
      ),
      ...failed.map(({ id }) => `${id} is not contained: warder incident show ${id}`),
      ...(open.length === 0
        ? []
        : [
            `${open.length === 1 ? '1 incident waits' : `${open.length} incidents wait`} for somebody to look: warder incident list`,
          ]),
    ]
  }

  /** How it stands with what goes wrong, for whoever asks how everything is. */
  part(): { name: string; state: 'ok' | 'degraded' | 'failed'; why: string; fix?: string } {
    const [worst] = this.problems()
    const failed = this.book.active().some(({ state }) => state === 'containment_failed')
    if (worst === undefined) return { name: 'incidents', state: 'ok', why: 'none is open' }
    const state = failed || this.book.problem() !== undefined ? 'failed' : 'degraded'
    return { name: 'incidents', state, why: worst, fix: 'warder incident list' }
  }

  /** Gives back what the incident held, where no other one holds it. */
  release(resolved: Incident): string[] {
    return release(this.#options, resolved, this.book.active())
  }

  async close(): Promise<void> {
    this.#deadlines.close()
    await this.outbox.close()
    this.#flushed?.now()
    this.book.close()
  }

  /** Resolves with the next write of counts. */
  async #flush(): Promise<void> {
    if (this.#flushed === undefined) {
      const { promise, resolve } = Promise.withResolvers<void>()
      const now = (): void => {
        this.#flushed = undefined
        clearTimeout(timer)
        this.book.flush()
        resolve()
      }
      const timer = setTimeout(now, FLUSH_MS).unref()
      this.#flushed = { done: promise, timer, now }
    }
    await this.#flushed.done
  }
}

function portsOf(options: IncidentsOptions & { readonly quarantine: Quarantine }): ActionPorts {
  return {
    freeze_agent: freezePort(options),
    kill_agent: killPort(options),
    snapshot_evidence: evidencePort(options),
    revoke_rights: revokePort(options),
    close_egress: closeEgressPort(options),
    disable_secrets: disableSecretsPort(options),
    lock_secrets: lockSecretsPort(options),
    quarantine: quarantinePort(options),
    block_address: blockPort(options),
    roll_back: rollBackPort(options),
    log_alert: alertPort(options),
  }
}

/** The record has it, or the action is not done. */
function alertPort({ append, ledger }: Pick<ContainOptions, 'append' | 'ledger'>): ActionPorts['log_alert'] {
  const action = 'incident:alert'
  const written = ({ id }: Incident) =>
    ledger.query({ action, order: 'newest', limit: 200 }).find(({ target }) => target === id)
  return {
    async act(_order, incident) {
      const { id, summary, severity } = incident
      if (written(incident) !== undefined) return
      await append({
        ...{
          event_type: 'containment',
          agent: 'warder',
          action,
          target: id,
          capabilities_used: [],
          decision: '',
        },
        ...{ decision_id: '', layer: 'containment', permit_id: '', reason: summary, request_id: '' },
        ...{ result: 'success', risk_level: severity, rule: `incident.${incident.class}` },
        details: incident.agent === undefined ? {} : { about: incident.agent },
      })
      await seen(() => written(incident) !== undefined)
    },
    async look(_order, incident) {
      const entry = written(incident)
      return entry === undefined
        ? { state: 'failed', evidence: 'the record does not have it' }
        : { state: 'done', evidence: `entry ${entry.seq} of the record` }
    },
  }
}

/** The index of the record is a moment behind the record. */
async function seen(is: () => boolean): Promise<void> {
  for (let waited = 0; waited < 2000 && !is(); waited += 20) await new Promise((done) => setTimeout(done, 20))
}

/** Warder's own programs, rules and keys; a file its owner only had watched is none of them. */
function isAboutWarder({ class: kind, evidence }: Finding): boolean {
  if (kind === 'attestation_failure') return true
  const { own, category } = evidence
  if (typeof own === 'boolean') return own
  return typeof category === 'string' && OWN_CATEGORIES.has(category)
}

const OWN_CATEGORIES: ReadonlySet<string> = new Set(['program', 'policy', 'unit', 'trust'])
