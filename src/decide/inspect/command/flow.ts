import type { RiskLevel } from '../../../core/risk.ts'

/** What is known of text that passes from one place to another: where it came from, or the text itself. */
export interface Flow {
  /** It came over the network. */
  readonly network: boolean
  /** It was decoded, decrypted or put together so that nobody can read it in the command. */
  readonly decoded: boolean
  /** It holds what should be kept: keys, passwords, the environment. */
  readonly secret: boolean
  /** The text, where it can be worked out without running anything. */
  readonly text?: string
  /** The file it stands in, where it is all of one. */
  readonly file?: string
}

export const NOTHING: Flow = Object.freeze({ network: false, decoded: false, secret: false })
export const FROM_NETWORK: Flow = Object.freeze({ ...NOTHING, network: true })
export const DECODED: Flow = Object.freeze({ ...NOTHING, decoded: true })
export const SECRET: Flow = Object.freeze({ ...NOTHING, secret: true })

const MAX_TEXT = 64 * 1024

export function textFlow(text: string): Flow {
  return text.length > MAX_TEXT ? NOTHING : { ...NOTHING, text }
}

/** Both, one after the other: `a; b` writes what a wrote, then what b wrote. */
export function joined(first: Flow, second: Flow): Flow {
  const labels = union(first, second)
  if (first.text === undefined || second.text === undefined) return labels
  const text = first.text + second.text
  return text.length > MAX_TEXT ? labels : { ...labels, text }
}

/** What either may carry; a known text does not outlive being mixed with another. */
export function union(first: Flow, second: Flow): Flow {
  return {
    network: first.network || second.network,
    decoded: first.decoded || second.decoded,
    secret: first.secret || second.secret,
  }
}

export function isPlain({ network, decoded, secret, text }: Flow): boolean {
  return !network && !decoded && !secret && text === undefined
}

/** What it means to run text of that origin as a program; one that was decoded here and can be read is rated itself too. */
export function riskOfRunning({ network, text }: Flow): RiskLevel {
  return network || text === undefined ? 'critical' : 'high'
}
