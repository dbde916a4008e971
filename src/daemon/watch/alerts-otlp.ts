import type { RiskLevel } from '../../core/risk.ts'
import type { SafeFetch } from '../../enforce/egress/index.ts'
import { sendFailed } from './alerts-error.ts'
import type { AlertEvent } from './alerts-event.ts'
import type { Sender } from './alerts-spool.ts'

export interface OtlpOptions {
  readonly url: URL
  readonly wants: (event: AlertEvent) => boolean
  readonly fetch: SafeFetch
  readonly now: () => number
  readonly version: string
}

/** OpenTelemetry, data model of logs: INFO, WARN, ERROR, FATAL. */
const SEVERITY_NUMBER: Readonly<Record<RiskLevel, number>> = { low: 9, medium: 13, high: 17, critical: 21 }

/** Alerts as log records of OpenTelemetry: OTLP over HTTP in JSON, one request each. */
export function otlpSender({ url, wants, fetch, now, version }: OtlpOptions): Sender {
  return {
    ...{ name: 'otlp', to: url.origin, wants },
    async send(event) {
      const { status, body } = await fetch(url.href, {
        ...{
          method: 'POST',
          body: JSON.stringify(logsOf(event, now(), version)),
          redirects: 0,
          maxBytes: 65_536,
        },
        headers: { 'content-type': 'application/json' },
      })
      if (status !== 200) throw sendFailed(`${url.origin} answered ${status}`)
      const rejected = rejectedIn(body.toString('utf8'))
      if (rejected !== undefined) throw sendFailed(`${url.origin} rejected it: ${rejected}`)
    },
  }
}

type Value = string | number | boolean

export function logsOf({ type, alert }: AlertEvent, now: number, version: string): object {
  const { severity, message, time, evidence, id, rule, source, principal, run, incident, count } = alert
  const named: Readonly<Record<string, Value>> = {
    ...{
      'event.name': type,
      'warder.alert.id': id,
      'warder.rule': rule,
      'warder.source': source,
      'warder.count': count,
    },
    ...(principal === '' ? {} : { 'warder.principal': principal }),
    ...(run === '' ? {} : { 'warder.run': run }),
    ...(incident === '' ? {} : { 'warder.incident': incident }),
    ...Object.fromEntries(
      Object.entries(evidence).map(([name, value]) => [`warder.evidence.${name}`, value]),
    ),
  }
  return {
    resourceLogs: [
      {
        resource: { attributes: attributes({ 'service.name': 'warder', 'service.version': version }) },
        scopeLogs: [
          {
            scope: { name: 'warder.alerts', version },
            logRecords: [
              {
                timeUnixNano: `${Date.parse(time)}000000`,
                observedTimeUnixNano: `${now}000000`,
                severityNumber: SEVERITY_NUMBER[severity],
                severityText: severity,
                body: { stringValue: message },
                attributes: attributes(named),
              },
            ],
          },
        ],
      },
    ],
  }
}

function attributes(named: Readonly<Record<string, Value>>): object[] {
  return Object.entries(named).map(([key, value]) => ({ key, value: valueOf(value) }))
}

/** Whole numbers are texts there, so that none of 64 bits is cut. */
function valueOf(value: Value): object {
  if (typeof value === 'boolean') return { boolValue: value }
  if (typeof value === 'string') return { stringValue: value }
  return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value }
}

/** A collector may answer 200 and still have taken nothing. */
function rejectedIn(text: string): string | undefined {
  try {
    const { partialSuccess } = JSON.parse(text) as {
      partialSuccess?: { rejectedLogRecords?: string | number; errorMessage?: string }
    }
    const count = Number(partialSuccess?.rejectedLogRecords ?? 0)
    return count > 0 ? (partialSuccess?.errorMessage ?? `${count} records`) : undefined
  } catch {
    return undefined
  }
}
