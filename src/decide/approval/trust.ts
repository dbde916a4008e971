/** How far an agent is trusted to start without a question. */
export const STAGES = ['draft', 'trial', 'verified'] as const
export type Stage = (typeof STAGES)[number]

/** One agent's way from draft to verified, as far as it got. */
export interface Trust {
  readonly stage: Stage
  /** What the trust is about: profile, code and interpreter, in one digest; another digest starts again. */
  readonly capability: string
  /** When it ended well since it became a trial, epoch milliseconds, oldest first. */
  readonly successes: readonly number[]
  readonly escalations: number
  readonly by: string
  readonly at: number
  readonly why: string
}

/** What happens to an agent, as far as trust goes. */
export type TrustEvent =
  | { readonly what: 'approved'; readonly capability: string; readonly by: string }
  | { readonly what: 'succeeded'; readonly capability: string }
  | { readonly what: 'failed'; readonly why: string }
  | { readonly what: 'escalated'; readonly why: string }
  | { readonly what: 'changed'; readonly capability: string }
  | { readonly what: 'set'; readonly stage: Stage; readonly capability: string; readonly by: string }

export interface TrustRules {
  /** Successful runs that make a trial verified. */
  readonly runs: number
  /** On at least so many days (UTC). */
  readonly days: number
}

export const USUAL_RULES: TrustRules = { runs: 3, days: 2 }

/** What nobody knows anything about: it asks, every time. */
export const UNKNOWN: Trust = {
  stage: 'draft',
  capability: '',
  successes: [],
  escalations: 0,
  by: 'warder',
  at: 0,
  why: 'it never ran',
}

const DAY_MS = 24 * 3_600_000

/**
 * The next state. A draft becomes a trial when a person approves it; a trial becomes verified after enough good runs on
 * enough days, or by a person's word; a failure, an escalation, or other code makes it a draft again.
 *
 * @returns the same object when nothing changes
 */
export function nextTrust(
  trust: Trust,
  event: TrustEvent,
  now: number,
  rules: TrustRules = USUAL_RULES,
): Trust {
  switch (event.what) {
    case 'approved':
      return trust.stage === 'draft' || trust.capability !== event.capability
        ? {
            ...fresh(trust, now),
            stage: 'trial',
            capability: event.capability,
            by: event.by,
            why: 'approved',
          }
        : trust
    case 'succeeded':
      return succeeded(trust, event.capability, now, rules)
    case 'failed':
      return trust.stage === 'draft' ? trust : { ...fresh(trust, now), why: event.why }
    case 'escalated':
      return { ...fresh(trust, now), escalations: trust.escalations + 1, why: event.why }
    case 'changed':
      return trust.capability === event.capability || trust.stage === 'draft'
        ? trust
        : { ...fresh(trust, now), why: 'its code, its interpreter or its profile changed' }
    case 'set':
      return {
        ...fresh(trust, now),
        stage: event.stage,
        capability: event.capability,
        by: event.by,
        why: `set by ${event.by}`,
      }
  }
}

/** A run that was started before a setback, or of other code, proves nothing. */
function succeeded(trust: Trust, capability: string, now: number, { runs, days }: TrustRules): Trust {
  if (trust.stage !== 'trial' || trust.capability !== capability) return trust
  const successes = [...trust.successes, now]
  const onDays = new Set(successes.map((ms) => Math.floor(ms / DAY_MS))).size
  if (successes.length < runs || onDays < days) return { ...trust, successes, at: now }
  const why = `${successes.length} good runs on ${onDays} days`
  return { ...trust, stage: 'verified', successes, by: 'warder', at: now, why }
}

function fresh(trust: Trust, now: number): Trust {
  return { ...UNKNOWN, escalations: trust.escalations, at: now }
}

export interface Capabilities {
  readonly writablePaths: number
  readonly network: 'none' | 'domains' | 'all'
  readonly mayExecute: boolean
  readonly escalations: number
}

/** Evidence, never a decision: 10 for being there, and more for what it could do. */
export function riskScore({ writablePaths, network, mayExecute, escalations }: Capabilities): number {
  const byNetwork = { none: 0, domains: 15, all: 30 }[network]
  return 10 + 20 * writablePaths + byNetwork + (mayExecute ? 40 : 0) + 10 * escalations
}

export function scoreLevel(score: number): 'low' | 'medium' | 'high' {
  return score <= 30 ? 'low' : score <= 70 ? 'medium' : 'high'
}
