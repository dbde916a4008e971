import type { Finding, IncidentState, OwnClass } from '../../core/incident.ts'
import type { RiskLevel } from '../../core/risk.ts'
import { isLatched, needsEvidence, ordersFor, severityOf, worse } from './classes.ts'
import { Escalation } from './escalation.ts'
import type { EventOf, IncidentEvent } from './event.ts'
import { matches, type IncidentFilter, worstFirst } from './filter.ts'
import { isConfirmed, mayMove, stateOfActions, type Incident, type Order } from './incident.ts'
import { Journal, type JournalOptions } from './journal.ts'
import { openSteps } from './playbook.ts'
import { noEvidence, pending, stepsLeft, unknown, wrongState } from './refusals.ts'
import { bounded, idOf, textOf } from './text.ts'

export interface BookOptions extends JournalOptions {
  /** Findings of one key within this time of the last one are one incident. */
  readonly groupMs: number
  /** Whether a finding is about Warder's own programs, rules or keys. */
  readonly isOwn: (finding: Finding) => boolean
}

export interface Reported {
  readonly id: string
  /** False: it was counted to an incident that was there. */
  readonly isNew: boolean
}

/** What an owner opens. */
export interface OwnCase {
  readonly class: OwnClass
  readonly by: string
  readonly summary: string
  readonly severity: RiskLevel
  readonly agent?: string
  readonly evidence: Incident['evidence']
}

/** Past so many that go on, reports of one class and agent are one incident, whatever their key. */
const MOST_OPEN = 1000

/** The incidents of a house: what was reported, what was ordered about it, and what became of that. */
export class IncidentBook {
  readonly #options: BookOptions
  readonly #escalation = new Escalation()
  readonly #journal: Journal
  /** Reports that are counted and not written yet. */
  readonly #again = new Map<string, number>()

  constructor(options: BookOptions) {
    this.#options = options
    this.#journal = new Journal(options, (...report) => this.#escalation.recall(...report))
  }

  /** Why the book cannot be believed, or is not on the disk as it stands. */
  problem(): string | undefined {
    return this.#journal.problem()
  }

  /** Whether the book, when it was opened, was not what this house had written. */
  get isDamaged(): boolean {
    return this.#options.store.problem !== undefined
  }

  /**
   * Takes a finding in. A new incident is on the disk, with what shall be done about it, when this returns; a disk that
   * cannot be written holds up nothing, and is told by {@link problem}.
   */
  report(finding: Finding & { readonly class: NonNullable<Finding['class']> }): Reported {
    const at = this.#options.now()
    const escalated = this.#escalation.saw(finding.class, at)
    const known = this.#goingOn(finding, at)
    if (known !== undefined) return this.#count(known, finding, escalated, at)
    const id = this.#newId(at)
    const severity = worse(severityOf(finding.class, finding.severity), escalated ?? 'low')
    const orders = ordersFor(finding.class, finding, this.#options.isOwn(finding))
    const event = openedBy(id, at, { ...finding, severity }, orders)
    this.#journal.write([event, ...beginning(event, 'warder', 'its class says so')])
    return { id, isNew: true }
  }

  /** Opens what an owner asked for. @throws IncidentError `INCIDENTS_UNTRUSTED` when it cannot be written */
  open({ by, ...about }: OwnCase, orders: readonly Order[]): Incident {
    const at = this.#options.now()
    const id = this.#newId(at)
    const event = openedBy(id, at, { ...about, rule: about.class, source: by, key: id }, orders)
    this.#journal.writeFirmly([event, ...beginning(event, by, 'ordered')])
    return this.get(id)
  }

  /** Orders more, or the same once more. @returns false where the incident is over */
  order(id: string, orders: readonly Order[], by: string, why: string): boolean {
    const { state } = this.get(id)
    if (state === 'resolved' || orders.length === 0) return false
    const at = this.#options.now()
    const event: IncidentEvent = { what: 'ordered', id, at, actions: [...orders], why: textOf(why) }
    this.#journal.write(state === 'containing' ? [event] : [event, moved(id, at, 'containing', by, why)])
    return true
  }

  began(id: string, action: number): void {
    this.#journal.write([{ what: 'began', id, at: this.#options.now(), action }])
  }

  /** What became of an attempt; the state follows from what all of them became. */
  ended(id: string, action: number, outcome: Omit<EventOf<'ended'>, 'what' | 'id' | 'at' | 'action'>): void {
    // what was seen in the world stays seen, until it is ordered once more
    const known = this.get(id).actions[action]
    if (known?.state !== 'waiting' && known?.state !== 'failed') return
    const at = this.#options.now()
    const evidence = textOf(outcome.evidence)
    this.#journal.write([{ what: 'ended', id, at, action, ...outcome, evidence }])
    const to = stateOfActions(this.get(id))
    if (to !== undefined) this.#journal.write([moved(id, at, to, 'warder', '')])
  }

  /** @throws IncidentError `INCIDENT_STATE`, `INCIDENT_UNKNOWN`, `INCIDENTS_UNTRUSTED` */
  acknowledge(id: string, by: string, why: string): Incident {
    return this.#move(this.find(id), 'acknowledged', by, why)
  }

  /**
   * Ends an incident for good.
   *
   * @param given.acceptUnconfirmed an owner says that what was never confirmed may stay so
   * @param given.evidenceAt when Warder itself was last seen whole; undefined: it was not
   * @throws IncidentError `INCIDENT_STATE`, `INCIDENT_PENDING`, `INCIDENT_EVIDENCE`, `INCIDENTS_UNTRUSTED`
   */
  resolve(
    id: string,
    by: string,
    why: string,
    given: { readonly acceptUnconfirmed: boolean; readonly evidenceAt: number | undefined },
  ): Incident {
    const incident = this.find(id)
    this.mayResolve(incident, given)
    return this.#move(incident, 'resolved', by, why)
  }

  /** Everything {@link resolve} asks, without doing it. @throws likewise */
  mayResolve(incident: Incident, given: Parameters<IncidentBook['resolve']>[3]): void {
    if (!mayMove(incident.state, 'resolved')) throw wrongState(incident, 'resolved')
    if (!isConfirmed(incident) && !given.acceptUnconfirmed) throw pending(incident)
    const steps = openSteps(incident)
    if (steps.length > 0) throw stepsLeft(incident, steps)
    const since = Math.max(incident.containedAt ?? 0, incident.lastAt)
    const isFresh = given.evidenceAt !== undefined && given.evidenceAt > since
    if (needsEvidence(incident.class, incident.severity) && !isFresh)
      throw noEvidence(incident, since, given.evidenceAt)
  }

  step(id: string, step: string, state: 'done' | 'waived', by: string, note: string): Incident {
    const incident = this.find(id)
    if (incident.state === 'resolved') throw wrongState(incident, 'worked on')
    const at = this.#options.now()
    const said = { step, state, by: textOf(by), note: textOf(note), at }
    this.#journal.writeFirmly([{ what: 'step', id: incident.id, ...said }])
    return this.get(incident.id)
  }

  /** @throws IncidentError `INCIDENT_UNKNOWN` */
  get(id: string): Incident {
    const incident = this.#journal.incidents.get(id)
    if (incident === undefined) throw unknown(id, 'no incident has it')
    return incident
  }

  /** @param id whole, or an end or beginning that only one has */
  find(id: string): Incident {
    const ids = [...this.#journal.incidents.keys()]
    if (ids.includes(id)) return this.get(id)
    const matching = ids.filter((each) => each.startsWith(id) || each.endsWith(id))
    const [only] = matching
    if (only !== undefined && matching.length === 1) return this.get(only)
    throw unknown(id, matching.length === 0 ? 'no incident has it' : `${matching.length} incidents do`)
  }

  /** The worst first, then the newest. */
  list(filter: IncidentFilter = {}): Incident[] {
    return [...this.#journal.incidents.values()].filter((each) => matches(each, filter)).toSorted(worstFirst)
  }

  /** What goes on. */
  active(): Incident[] {
    return [...this.#journal.incidents.values()].filter(({ state }) => state !== 'resolved')
  }

  /** The latched incident with such an order. */
  latching(is: (order: Order) => boolean): Incident | undefined {
    return this.active().find((each) => isLatched(each.class) && each.actions.some(is))
  }

  /** Writes the counts that rose, and what could not be written before. */
  flush(): void {
    const at = this.#options.now()
    const events = [...this.#again].map(([id, times]): IncidentEvent => ({ what: 'again', id, at, times }))
    this.#again.clear()
    this.#journal.write(events)
    this.#journal.tidy()
  }

  close(): void {
    this.flush()
    this.#journal.close()
  }

  #newId(at: number): string {
    this.#journal.made += 1
    return idOf(at, this.#journal.made)
  }

  /** The incident a report belongs to: of the same key, not looked at yet, and not long ago. */
  #goingOn(finding: Finding, at: number): Incident | undefined {
    const known = this.#journal.newestOf(finding)
    const isOver = (each: Incident) => each.state === 'acknowledged' || each.state === 'resolved'
    if (known !== undefined && !isOver(known) && at - known.lastAt <= this.#options.groupMs) return known
    if (this.#journal.incidents.size < MOST_OPEN) return undefined
    const active = this.active()
    if (active.length < MOST_OPEN) return undefined
    return active.find(
      (each) => each.class === finding.class && each.agent === finding.agent && !isOver(each),
    )
  }

  #count(known: Incident, finding: Finding, escalated: RiskLevel | undefined, at: number): Reported {
    const { id } = known
    this.#again.set(id, (this.#again.get(id) ?? 0) + 1)
    // in memory at once, so that a flood is grouped by when it was seen last
    this.#journal.incidents.set(id, { ...known, lastAt: Math.max(known.lastAt, at) })
    const wanted = worse(finding.severity, escalated ?? 'low')
    if (worse(known.severity, wanted) !== known.severity) {
      const why = wanted === escalated ? 'so many of this class in so short a time' : 'reported as worse'
      this.#journal.write([{ what: 'worse', id, at, severity: wanted, why }])
    }
    return { id, isNew: false }
  }

  #move(incident: Incident, to: IncidentState, by: string, why: string): Incident {
    if (!mayMove(incident.state, to)) throw wrongState(incident, to)
    this.#journal.writeFirmly([moved(incident.id, this.#options.now(), to, by, why)])
    return this.get(incident.id)
  }
}

type About = Omit<Finding, 'class' | 'at'> & { readonly class: Incident['class'] }

function openedBy(id: string, at: number, about: About, orders: readonly Order[]): EventOf<'opened'> {
  const { agent, run } = about
  return {
    ...{ what: 'opened', id, at, class: about.class, severity: about.severity },
    ...{ source: textOf(about.source), rule: textOf(about.rule), summary: textOf(about.summary) },
    ...{ key: textOf(about.key), evidence: bounded(about.evidence), actions: [...orders] },
    ...(agent === undefined ? {} : { agent: textOf(agent) }),
    ...(run === undefined ? {} : { run: textOf(run) }),
  }
}

function beginning({ id, at, actions }: EventOf<'opened'>, by: string, why: string): IncidentEvent[] {
  return actions.length === 0 ? [] : [moved(id, at, 'containing', by, why)]
}

function moved(id: string, at: number, to: IncidentState, by: string, why: string): EventOf<'moved'> {
  return { what: 'moved', id, at, to, by: textOf(by), why: textOf(why) }
}
