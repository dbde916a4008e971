import { KnownError, type ErrorCatalogue } from './error.ts'

export const QUANTITY_ERRORS = {
  QUANTITY_INVALID: {
    kind: 'invalid',
    meaning: 'a duration or byte size is not written as a number and a unit',
  },
} as const satisfies ErrorCatalogue

export class QuantityError extends KnownError<typeof QUANTITY_ERRORS> {
  override readonly name = 'QuantityError'
}

const MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const
const BYTES = {
  B: 1,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
  kB: 1000,
  MB: 1000 ** 2,
  GB: 1000 ** 3,
} as const

/**
 * A duration such as `250ms`, `30s`, `10m`, `24h`, `7d`: one whole number and one unit, never bare.
 *
 * @returns milliseconds, a safe integer of at least 0
 * @throws QuantityError `QUANTITY_INVALID`
 */
export function parseDurationMs(text: string): number {
  return parseQuantity(text, MS, 'duration', '10m, 30s, 24h or 250ms')
}

/**
 * A byte size such as `512MiB`, `2GiB`, `100kB` (kB, MB, GB are powers of 1000; KiB, MiB, GiB powers of 1024).
 *
 * @returns bytes, a safe integer of at least 0
 * @throws QuantityError `QUANTITY_INVALID`
 */
export function parseSizeBytes(text: string): number {
  return parseQuantity(text, BYTES, 'size', '512MiB, 2GiB or 100kB')
}

function parseQuantity(
  text: string,
  units: Readonly<Record<string, number>>,
  noun: string,
  example: string,
): number {
  const [, digits, unit] = /^(\d{1,15})([A-Za-z]+)$/.exec(text) ?? []
  const factor = unit !== undefined && Object.hasOwn(units, unit) ? units[unit] : undefined
  const value = Number(digits) * (factor ?? Number.NaN)
  if (!Number.isSafeInteger(value)) {
    throw new QuantityError(QUANTITY_ERRORS, 'QUANTITY_INVALID', {
      what: `"${text.slice(0, 40)}" is not a ${noun}`,
      fix: `write a whole number and a unit, such as ${example}`,
    })
  }
  return value
}

/** `90_000` as `1m 30s`; for people, not for parsing back. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms * 10) / 10}ms`
  const parts = [
    [Math.floor(ms / MS.d), 'd'],
    [Math.floor(ms / MS.h) % 24, 'h'],
    [Math.floor(ms / MS.m) % 60, 'm'],
    [Math.floor(ms / 1000) % 60, 's'],
  ] as const
  return parts
    .filter(([count]) => count > 0)
    .slice(0, 2)
    .map(([count, unit]) => `${count}${unit}`)
    .join(' ')
}

/** `1_610_612_736` as `1.5 GiB`; for people, not for parsing back. */
export function formatSize(bytes: number): string {
  for (const [unit, factor] of [
    ['GiB', BYTES.GiB],
    ['MiB', BYTES.MiB],
    ['KiB', BYTES.KiB],
  ] as const) {
    if (bytes >= factor) return `${Math.round((bytes / factor) * 10) / 10} ${unit}`
  }
  return `${bytes} B`
}
