/**
 * The airlock: where it is in use nothing gets out, until the owner opens it for a time. `off` means that it is not in
 * use and rules alone decide.
 */
export type Airlock = 'off' | { readonly openUntil: number }

/** @param now epoch milliseconds */
export function isAirlockClosed(airlock: Airlock, now: number): boolean {
  return airlock !== 'off' && !(now < airlock.openUntil)
}
