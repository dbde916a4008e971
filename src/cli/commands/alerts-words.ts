import type { AlertAnswer } from '../../api/alerts.ts'
import { localTime, type Out, type Style } from '../out.ts'

const COLOUR: Readonly<Record<AlertAnswer['severity'], Style>> = {
  low: 'dim',
  medium: 'yellow',
  high: 'red',
  critical: 'red',
}

/** One alert on one line: severity, time, message, and how often. */
export function alertLine(alert: AlertAnswer, out: Out): string {
  const { severity, last, message, count, rule, incident } = alert
  const often = count > 1 ? ` (${count} times)` : ''
  const part = incident === '' ? '' : ` incident ${incident}`
  const when = localTime(Date.parse(last)).slice(0, 19)
  return `${out.style(COLOUR[severity], severity.padEnd(8))}  ${when}  ${message}${often}  ${out.style('dim', rule + part)}`
}

export function damagedNote(damaged: number): string {
  return `${damaged} ${damaged === 1 ? 'line' : 'lines'} could not be read as an alert, and ${damaged === 1 ? 'was' : 'were'} skipped`
}
