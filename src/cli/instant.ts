import { parseDurationMs } from '../core/quantity.ts'

/**
 * A moment as people write it: a time back from now (`2h`, `7d`) or a date and time.
 *
 * @returns ISO 8601, UTC
 * @throws Error when it is neither
 */
export function instant(text: string, now: number): string {
  if (/^\d+[a-z]+$/i.test(text)) return new Date(now - parseDurationMs(text)).toISOString()
  const time = Date.parse(text)
  if (Number.isNaN(time))
    throw new Error(`"${text}" is neither a duration such as 2h nor a time such as 2026-01-31T12:00Z`)
  return new Date(time).toISOString()
}
