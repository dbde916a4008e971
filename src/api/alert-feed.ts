import { isAtLeast, type RiskLevel } from '../core/risk.ts'
import { AlertShape, type AlertAnswer } from './alerts.ts'

/** A longer line is no alert of Warder's. */
const LONGEST_LINE = 64 * 1024

/** @returns undefined for a line that is damaged, or no alert */
export function alertIn(line: string): AlertAnswer | undefined {
  if (line.length > LONGEST_LINE) return undefined
  try {
    const parsed = AlertShape.safeParse(JSON.parse(line))
    return parsed.success ? parsed.data : undefined
  } catch {
    return undefined
  }
}

export interface Feed {
  /** The newest state of each, in the order they were last seen. */
  readonly alerts: readonly AlertAnswer[]
  /** Lines that could not be read. */
  readonly damaged: number
}

/** What the lines of a feed, oldest first, say when each alert counts once. */
export function readFeed(lines: readonly string[], severity?: RiskLevel): Feed {
  const newest = new Map<string, AlertAnswer>()
  let damaged = 0
  for (const line of lines) {
    if (line.trim() === '') continue
    const alert = alertIn(line)
    if (alert === undefined) damaged += 1
    else {
      newest.delete(alert.id)
      newest.set(alert.id, alert)
    }
  }
  const alerts = [...newest.values()].filter(
    (alert) => severity === undefined || isAtLeast(alert.severity, severity),
  )
  return { alerts, damaged }
}
