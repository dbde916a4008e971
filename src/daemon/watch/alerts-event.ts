import type { Alert } from './alerts.ts'

/** What leaves the machine about an alert. */
export interface AlertEvent {
  /** `alert.raised`, `alert.worse`, `alert.ended`, and what becomes of incidents, such as `incident.contained`. */
  readonly type: string
  readonly alert: Alert
}

/** Whether an event is one of these names; `alert.*` is every one that begins with `alert.`. */
export function isOneOf(type: string, names: readonly string[]): boolean {
  return (
    names.length === 0 ||
    names.some(
      (name) => name === type || name === '*' || (name.endsWith('.*') && type.startsWith(name.slice(0, -1))),
    )
  )
}
