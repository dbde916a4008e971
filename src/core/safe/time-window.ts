import { refuse, type Checked } from './form.ts'

/** A whole number and `m`, `h`, `d` or `w`: `90m`, `24h`, `7d`, `4w`; at most 365 days. */
export type TimeWindow = Checked<string, 'TimeWindow'>

const UNIT_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 }
const LONGEST_MS = 365 * 86_400_000

export function isTimeWindow(value: unknown): value is TimeWindow {
  return typeof value === 'string' && /^[1-9][0-9]{0,5}[mhdw]$/.test(value) && windowMs(value) <= LONGEST_MS
}

/** @throws FormError `FORM_INVALID` */
export function parseTimeWindow(text: string): TimeWindow {
  return isTimeWindow(text)
    ? text
    : refuse('a time window', text, 'write a number and m, h, d or w, such as 24h, up to 365d')
}

export function timeWindowMs(window: TimeWindow): number {
  return windowMs(window)
}

function windowMs(text: string): number {
  return Number(text.slice(0, -1)) * (UNIT_MS[text.slice(-1)] ?? Number.NaN)
}
