import { parseDurationMs } from '../core/quantity.ts'
import { CLI_ERRORS, CliError } from './failure.ts'

/**
 * A moment as people write it: a time back from now (`2h`, `7d`) or a date and time.
 *
 * @returns ISO 8601, UTC
 * @throws CliError `USAGE` when it is neither; QuantityError for a unit nobody knows
 */
export function instant(text: string, now: number): string {
  if (/^\d+[a-z]+$/i.test(text)) return new Date(now - parseDurationMs(text)).toISOString()
  // a bare number would be read as some year
  const time = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(time))
    throw new CliError(CLI_ERRORS, 'USAGE', {
      what: `"${text}" is neither a duration such as 2h nor a time such as 2026-01-31T12:00Z`,
      fix: 'say how long ago (30m, 2h, 7d), or write the date and time',
    })
  return new Date(time).toISOString()
}
