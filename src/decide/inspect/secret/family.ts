import type { RiskLevel } from '../../../core/risk.ts'

/** What kind of thing was found; a caller chooses which it wants to hear of. */
export const SECRET_FAMILIES = ['token', 'key', 'jwt', 'url', 'assigned'] as const
/** Cards, bank accounts and national numbers whose check digits are right; never a guess by shape alone. */
export const PERSONAL_FAMILIES = ['identity', 'contact'] as const
export type SecretFamily = (typeof SECRET_FAMILIES)[number] | (typeof PERSONAL_FAMILIES)[number]
/** All but `contact`: e-mail addresses, telephone numbers and addresses of hosts stand in most documents, rightly. */
export const DEFAULT_FAMILIES: readonly SecretFamily[] = [...SECRET_FAMILIES, 'identity']

/** A place in a text that must not be shown. */
export interface Match {
  /** What it is: `github-token`, `private-key`, `card`. It is written into the mask. */
  readonly rule: string
  readonly family: SecretFamily
  /** low: a placeholder, or a sign too weak to act on; critical: a private key */
  readonly risk: RiskLevel
  readonly start: number
  readonly end: number
  readonly note: string
}

/** What a look at one place of a text tells. `more`: not to be said before more of the text is there. */
export type Seen = Match | 'more' | undefined

/** Looks at `text` from `at` on; `isLast` tells that nothing follows the text. */
export type Look = (text: string, at: number, isLast: boolean) => Seen

/** How far behind its sign anything begins, or is looked at to judge it. */
export const BACK = 160
/** How far ahead of its sign a rule looks, unless it says more. */
export const REACH = 512
