import { join } from 'node:path'
import { alertIn, readFeed, type Feed } from '../../api/alert-feed.ts'
import type { Finding } from '../../core/incident.ts'
import type { RiskLevel } from '../../core/risk.ts'
import { lastLines } from '../../platform/json-lines.ts'
import { ALERT_FILE, AlertFile } from './alerts-file.ts'
import { Alerts, type Alert, type AlertsOptions } from './alerts.ts'
import { followers } from './alerts-followers.ts'
import { openSenders, type Senders } from './alerts-senders.ts'
import type { Raise, WatchOptions } from './wire.ts'

export interface OpenAlerts {
  readonly raise: Raise
  /** Somebody looked again, and it is worse than was thought. */
  readonly worsen: (finding: Finding, severity: RiskLevel, why: string) => void
  /** From here on findings that have a class are handed to who makes incidents of them. */
  readonly reportTo: (report: NonNullable<AlertsOptions['report']>) => void
  /** Everything raised so far is safe from a power cut when this returns. */
  readonly sync: () => void
  /** The last entry of the ledger an alert of this key rests on; 0 where there is none. */
  readonly told: (key: string) => number
  readonly list: (severity: RiskLevel | undefined, recent: number) => Feed
  readonly follow: (signal: AbortSignal) => AsyncIterable<Alert>
  readonly senders: Senders
  readonly facts: () => { readonly open: number; readonly file: string; readonly problem?: string }
  readonly begin: () => void
  readonly close: () => Promise<void>
}

type Needs = Pick<
  WatchOptions,
  'values' | 'engine' | 'append' | 'lost' | 'redact' | 'clock' | 'log' | 'version'
>

/** What a restart reads of the feed, to go on with what was open. */
const TAIL_BYTES = 256 * 1024
/** What a list reads of each file. */
const LIST_BYTES = 16 * 1024 * 1024

/** Opens the feed: where everything that was noticed goes. */
export function openAlerts(options: Needs): OpenAlerts {
  const { values, append, lost, redact, clock } = options
  const directory = values['alert.directory']
  const keep = values['alert.keep']
  const now = () => clock.now()
  const later: { report?: NonNullable<AlertsOptions['report']> } = {}
  const file = new AlertFile({ directory, maxBytes: values['alert.max_size'], keep })
  const before = alertsBefore(file.path, lost)
  const quietSince = now() - values['alert.group']
  const listeners = followers<Alert>()
  const senders = openSenders(options)
  const alerts = new Alerts({
    ...{ file, record: append, lost, redact, groupMs: values['alert.group'], now },
    open: before.filter(({ last }) => Date.parse(last) >= quietSince),
    report: async (finding, alert) => later.report?.(finding, alert),
    tell(alert, what) {
      listeners.tell(alert)
      senders.send({ type: `alert.${what}`, alert })
    },
  })
  const toldBefore = new Map(before.map((alert) => [alert.key, lastEntry(alert)]))
  return {
    raise: alerts.raise,
    worsen: (...worse) => alerts.worsen(...worse),
    reportTo: (report) => void (later.report = report),
    sync: () => alerts.sync(),
    told: (key) => toldBefore.get(alerts.keyOf({ key })) ?? 0,
    list: (severity, recent) => listed(directory, keep, severity, recent),
    follow: (signal) => listeners.follow(signal),
    senders,
    facts() {
      const problem = alerts.problem()
      return { open: alerts.openCount, file: file.path, ...(problem === undefined ? {} : { problem }) }
    },
    begin: () => senders.begin(),
    async close() {
      alerts.close()
      await senders.close()
    },
  }
}

/** What the feed said when it was written last, the newest state of each key. */
function alertsBefore(path: string, lost: (error: unknown) => void): readonly Alert[] {
  try {
    const lines = lastLines(path, TAIL_BYTES) ?? []
    const newest = new Map<string, Alert>()
    for (const line of lines) {
      const alert = alertIn(line)
      if (alert !== undefined) newest.set(alert.key, alert)
    }
    return [...newest.values()]
  } catch (error) {
    lost(error)
    return []
  }
}

function lastEntry({ evidence }: Alert): number {
  const { entries } = evidence
  return typeof entries === 'string'
    ? Math.max(0, ...entries.split(' ').map(Number).filter(Number.isFinite))
    : 0
}

/** Goes back through the files set aside only as far as it must. */
function listed(directory: string, keep: number, severity: RiskLevel | undefined, recent: number): Feed {
  let lines: string[] = []
  let feed: Feed = { alerts: [], damaged: 0 }
  for (let nth = 0; nth <= keep; nth += 1) {
    const name = nth === 0 ? ALERT_FILE : `alerts.${nth}.jsonl`
    const older = lastLines(join(directory, name), LIST_BYTES)
    if (older === undefined) {
      if (nth === 0) continue
      break
    }
    lines = [...older, ...lines]
    feed = readFeed(lines, severity)
    if (feed.alerts.length >= recent) break
  }
  return { alerts: feed.alerts.slice(-recent), damaged: feed.damaged }
}
