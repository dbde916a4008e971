const ALLOWED = /warder:allow-secret\s+until=(\d{4}-\d{2}-\d{2})\b/

/**
 * Whether a comment on a line says that the secret in it is known; only until the end of the day it names, UTC, so
 * that nobody allows one for ever: `warder:allow-secret until=2030-01-31 and why`.
 *
 * @param now milliseconds since 1970
 */
export function isAllowedSecret(line: string, now: number): boolean {
  const day = ALLOWED.exec(line)?.[1]
  return day !== undefined && now < Date.parse(`${day}T23:59:59.999Z`)
}
