import { messageOf } from '../../core/error.ts'
import { newId } from '../../core/id.ts'
import type { Finding } from '../../core/incident.ts'
import { isAtLeast, type RiskLevel } from '../../core/risk.ts'
import type { GateEvent } from '../../gate/index.ts'
import type { AlertFile } from './alerts-file.ts'
import { alertEvent, oneLine } from './alerts-words.ts'

/** One alert as it stands in the feed. A later line with the same id says how it went on. */
export interface Alert {
  readonly id: string
  /** When it was first seen, UTC. */
  readonly time: string
  /** When it was last seen. */
  readonly last: string
  readonly severity: RiskLevel
  readonly source: string
  readonly rule: string
  /** Whose doing it is; empty when no agent is known. */
  readonly principal: string
  readonly run: string
  /** The incident it became part of; empty when it became none. */
  readonly incident: string
  readonly message: string
  /** How many findings it stands for. */
  readonly count: number
  /** Findings with the same key are the same alert. */
  readonly key: string
  readonly evidence: Finding['evidence']
}

export interface AlertsOptions {
  readonly file: Pick<AlertFile, 'write' | 'sync' | 'close'>
  readonly record: (event: GateEvent) => Promise<unknown>
  readonly lost: (error: unknown) => void
  readonly redact: (text: string) => string
  readonly now: () => number
  /** Findings of one key are one alert until none came for so long. */
  readonly groupMs: number
  /** Alerts that went on before this start, the newest state of each. */
  readonly open?: readonly Alert[]
  /** Makes an incident of it, and says which. Only called for findings that have a class. */
  readonly report?: (finding: Finding, alert: string) => Promise<string | undefined>
  /** Told of each new alert, and of each that got worse or ended, for whoever sends them on. */
  readonly tell?: (alert: Alert, what: 'raised' | 'worse' | 'ended') => void
}

interface Group {
  alert: Alert
  lastAt: number
  /** What the feed says of the count. */
  written: number
}

/** So that a flood with ever new keys cannot fill the memory: the oldest is ended early, with its true count. */
const MOST_GROUPS = 4096
const FLUSH_MS = 5000

/** Where every finding goes: grouped, written to the feed and the ledger, and handed on when it is an incident. */
export class Alerts {
  readonly #options: AlertsOptions
  readonly #groups = new Map<string, Group>()
  #timer: NodeJS.Timeout | undefined
  #problem: string | undefined
  #isClosed = false

  constructor(options: AlertsOptions) {
    this.#options = options
    for (const alert of options.open ?? []) {
      this.#groups.set(alert.key, { alert, lastAt: Date.parse(alert.last), written: alert.count })
    }
  }

  /** Never throws, and waits for nothing it causes. */
  readonly raise = (finding: Finding): void => {
    try {
      this.#take(finding)
    } catch (error) {
      this.#options.lost(error)
    }
  }

  /** Somebody looked again, and it is worse than was thought; the incident it made is told as well. */
  worsen(finding: Finding, severity: RiskLevel, why: string): void {
    const group = this.#groups.get(this.keyOf(finding))
    if (this.#isClosed || group === undefined || isAtLeast(group.alert.severity, severity)) return
    this.#getWorse(group, severity, { ...group.alert.evidence, worse_because: oneLine(why) })
    if (finding.class !== undefined) void this.#report(group, { ...finding, severity })
  }

  /** Why alerts are not kept as they should be; undefined while they are. */
  problem(): string | undefined {
    return this.#problem
  }

  /** The alert a key stands for now. */
  open(key: string): Alert | undefined {
    return this.#groups.get(key)?.alert
  }

  get openCount(): number {
    return this.#groups.size
  }

  /** Everything raised so far is safe from a power cut when this returns. */
  sync(): void {
    this.#safely(() => this.#options.file.sync())
  }

  /** Ends what went quiet, and brings the counts in the feed up to date. */
  flush(): void {
    const quietSince = this.#options.now() - this.#options.groupMs
    for (const [key, group] of this.#groups) {
      this.#write(group)
      if (group.lastAt >= quietSince) continue
      this.#groups.delete(key)
      if (group.alert.count > 1) this.#options.tell?.(group.alert, 'ended')
    }
    if (this.#groups.size === 0) this.#rest()
  }

  close(): void {
    this.#isClosed = true
    this.#rest()
    for (const group of this.#groups.values()) this.#write(group)
    this.#safely(() => this.#options.file.close())
  }

  #take(finding: Finding): void {
    const at = Math.min(finding.at, this.#options.now())
    const key = this.keyOf(finding)
    const known = this.#groups.get(key)
    const isOver = known !== undefined && known.lastAt < at - this.#options.groupMs
    const group =
      known === undefined || isOver ? this.#begin(finding, key, at) : this.#add(known, finding, at)
    if (finding.class !== undefined) void this.#report(group, finding)
    if (!this.#isClosed) this.#timer ??= setInterval(() => this.flush(), FLUSH_MS).unref()
  }

  #begin(finding: Finding, key: string, at: number): Group {
    const { redact, record, lost, tell } = this.#options
    this.#endBefore(key)
    const time = new Date(at).toISOString()
    const alert: Alert = {
      ...{ id: newId(), time, last: time, severity: finding.severity },
      ...{ source: finding.source, rule: finding.rule },
      ...{ principal: oneLine(finding.agent ?? ''), run: oneLine(finding.run ?? ''), incident: '' },
      ...{ message: oneLine(redact(finding.summary)), count: 1, key },
      evidence: masked(finding.evidence, redact),
    }
    const group = { alert, lastAt: at, written: 0 }
    this.#groups.set(key, group)
    this.#write(group)
    record(alertEvent(alert)).catch(lost)
    tell?.(alert, 'raised')
    return group
  }

  #add(group: Group, finding: Finding, at: number): Group {
    group.lastAt = Math.max(group.lastAt, at)
    group.alert = {
      ...group.alert,
      last: new Date(group.lastAt).toISOString(),
      count: group.alert.count + 1,
      evidence: masked(finding.evidence, this.#options.redact),
    }
    if (!isAtLeast(group.alert.severity, finding.severity))
      this.#getWorse(group, finding.severity, group.alert.evidence)
    return group
  }

  #getWorse(group: Group, severity: RiskLevel, evidence: Alert['evidence']): void {
    group.alert = { ...group.alert, severity, evidence }
    group.written = 0
    this.#write(group)
    this.#options.record(alertEvent(group.alert)).catch(this.#options.lost)
    this.#options.tell?.(group.alert, 'worse')
  }

  /** As the feed has it, so that a restart finds it again. */
  keyOf({ key }: Pick<Finding, 'key'>): string {
    return oneLine(this.#options.redact(key))
  }

  /** Makes room: for a new alert of the same key, and when there are too many. */
  #endBefore(key: string): void {
    const ended = [key, ...(this.#groups.size < MOST_GROUPS ? [] : [this.#groups.keys().next().value ?? key])]
    for (const each of new Set(ended)) {
      const group = this.#groups.get(each)
      if (group === undefined) continue
      this.#write(group)
      this.#groups.delete(each)
      if (group.alert.count > 1) this.#options.tell?.(group.alert, 'ended')
    }
  }

  async #report(group: Group, finding: Finding): Promise<void> {
    try {
      const incident = await this.#options.report?.(finding, group.alert.id)
      if (incident === undefined || incident === group.alert.incident) return
      group.alert = { ...group.alert, incident }
      group.written = 0
      if (!this.#isClosed) this.#write(group)
    } catch (error) {
      this.#options.lost(error)
    }
  }

  #write(group: Group): void {
    if (group.written === group.alert.count) return
    this.#safely(() => {
      this.#options.file.write(JSON.stringify(group.alert))
      group.written = group.alert.count
    })
  }

  /** A feed that cannot be written must not keep an incident from being made; it is said wherever protection is shown. */
  #safely(write: () => void): void {
    try {
      write()
      this.#problem = undefined
    } catch (error) {
      const isNew = this.#problem === undefined
      this.#problem = `alerts cannot be written: ${messageOf(error)}`
      if (isNew) this.#options.lost(error)
    }
  }

  #rest(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }
}

function masked(evidence: Finding['evidence'], redact: (text: string) => string): Finding['evidence'] {
  return Object.fromEntries(
    Object.entries(evidence).map(([name, value]) => [
      name,
      typeof value === 'string' ? oneLine(redact(value)) : value,
    ]),
  )
}
