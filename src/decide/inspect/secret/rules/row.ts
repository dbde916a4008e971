import type { RiskLevel } from '../../../../core/risk.ts'
import type { CHECKS } from '../check.ts'

/** A type of token that a provider writes with a sign of its own, as data. */
export interface TokenRow {
  readonly id: string
  /** Whose it is, for people. */
  readonly of: string
  /** One of these stands in every one of them, separated by blanks. */
  readonly signs: string
  /** What follows the sign. Every repetition has an upper bound, so that no text can make it slow. */
  readonly body: string
  /** What precedes the sign and belongs to the token. */
  readonly lead?: string
  /** high unless said otherwise */
  readonly risk?: RiskLevel
  /** Bits a character the token must have, or it counts as a placeholder (2.8; hexadecimal digits have fewer). */
  readonly entropy?: number
  /** A check digit: with a wrong one it is medium, since it may be a real one that was cut or edited. */
  readonly check?: keyof typeof CHECKS
  /** How many characters it may have (512). */
  readonly reach?: number
  /** A sign so short that the token counts only with capitals, small letters and digits in it. */
  readonly isMixed?: boolean
}

export const A = '[A-Za-z0-9]'
export const W = '[\\w-]'
export const HEX = '[0-9a-f]'
export const ANY_HEX = '[0-9a-fA-F]'
export const CAPITAL = '[A-Z0-9]'
export const SMALL = '[a-z0-9]'
export const BASE64 = '[A-Za-z0-9+/]'
export const UUID = `${ANY_HEX}{8}-${ANY_HEX}{4}-${ANY_HEX}{4}-${ANY_HEX}{4}-${ANY_HEX}{12}`
