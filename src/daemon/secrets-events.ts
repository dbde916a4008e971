import type { RiskLevel } from '../core/risk.ts'
import type { GateEvent } from '../gate/index.ts'

const BARE = {
  agent: 'warder',
  capabilities_used: [],
  decision: '',
  decision_id: '',
  layer: 'secrets',
  permit_id: '',
  reason: '',
  request_id: '',
  risk_level: 'low',
  rule: '',
  target: '',
  details: {},
} as const

/** The action of {@link catalogueEvent}, by which the newest revision of the list is found again. */
export const CATALOGUE_CHANGE = 'catalogue:change'

/** That the list of secrets was changed: from here on an older copy of it is known to be one. */
export function catalogueEvent(revision: number): GateEvent {
  return {
    ...BARE,
    event_type: 'system',
    action: CATALOGUE_CHANGE,
    target: 'secrets.json',
    result: 'success',
    details: { revision },
  }
}

/** How the action of each {@link useEvent} begins. */
export const SECRET_USE = 'broker:'

export interface SecretUse {
  readonly agent: string
  readonly run: string
  readonly name: string
  readonly hosts: readonly string[]
  /** `lent`: handed to the way out for a run; what follows is what became of it there. */
  readonly what: 'lent' | 'used' | 'astray' | 'canary' | 'echo' | 'budget' | 'place'
  readonly version?: number
  /** Where it is kept: a value from the environment is a weaker one. */
  readonly store?: string
  /** Nobody of this name ever used it before. */
  readonly isFirst?: boolean
  readonly where?: string
}

const RISK: Readonly<Record<SecretUse['what'], RiskLevel>> = {
  lent: 'low',
  used: 'low',
  echo: 'medium',
  budget: 'medium',
  place: 'medium',
  astray: 'high',
  canary: 'critical',
}

const WORDS: Readonly<Record<SecretUse['what'], string>> = {
  lent: 'a secret was handed to the way out of a run',
  used: 'a secret was put into a request',
  echo: 'an answer held the value of a secret, and was given on without it',
  budget: 'a run used a secret as often as it may',
  place: 'a secret was asked for where it may not stand',
  astray: 'what stands for a secret was sent to a host it is not for',
  canary: 'the twin of a secret was used, which nobody but a thief would do',
}

/** Who used which secret toward which host; never its value. */
export function useEvent(use: SecretUse): GateEvent {
  const { agent, run, name, hosts, what, version, store, isFirst, where } = use
  const isRefused = what === 'astray' || what === 'canary' || what === 'place' || what === 'budget'
  const risk = isFirst === true && RISK[what] === 'low' ? 'medium' : RISK[what]
  return {
    ...BARE,
    event_type: 'external_api',
    agent,
    action: `${SECRET_USE}${what}`,
    target: name,
    capabilities_used: [`secret:use:${name}`],
    reason: isFirst === true ? `${WORDS[what]}, for the first time by ${agent}` : WORDS[what],
    result: isRefused ? 'violation' : 'success',
    risk_level: risk,
    rule: `secrets.${what}`,
    details: {
      run,
      hosts: hosts.join(' ').slice(0, 1000),
      ...(version === undefined ? {} : { version }),
      ...(store === undefined ? {} : { store }),
      ...(isFirst === undefined ? {} : { first_use: isFirst }),
      ...(where === undefined ? {} : { where: where.slice(0, 200) }),
    },
  }
}

/** A step the daemon took by itself, or that failed. */
export function secretEvent(action: string, name: string, problem?: string): GateEvent {
  return {
    ...BARE,
    event_type: 'system',
    action: `${SECRET_USE}${action}`,
    target: name,
    reason: problem ?? '',
    result: problem === undefined ? 'success' : 'failure',
    risk_level: problem === undefined ? 'low' : 'medium',
    rule: `secrets.${action}`,
  }
}
