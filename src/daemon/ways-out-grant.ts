import { missingIntercepts, type EgressGrant } from '../enforce/egress/index.ts'
import type { EgressOfAgent } from './egress-policy.ts'
import type { StandIns } from './egress-secrets.ts'
import type { PlaceAnswer } from './ways-out-run.ts'

/** What the proxy is told of a run. */
export function grantFor(
  runId: string,
  agent: string,
  policy: EgressOfAgent,
  { bindings }: StandIns,
): EgressGrant {
  // a secret can only be put in where TLS is opened, so its hosts are
  const intercept = [...policy.intercept, ...missingIntercepts(bindings, policy.intercept)]
  return {
    ...{ runId, agent, rules: [], intercept, secrets: bindings },
    ...{ budget: policy.budget, content: policy.content, pins: policy.pins, limits: policy.limits },
    asks: true,
    airlock: 'off', // the one for all runs holds
    until: Number.MAX_SAFE_INTEGER,
  }
}

/** Hosts that an incident has blocked for every run. */
export class BlockedHosts {
  readonly #hosts = new Set<string>()

  add(host: string): void {
    this.#hosts.add(plain(host))
  }

  delete(host: string): void {
    this.#hosts.delete(plain(host))
  }

  has(host: string): boolean {
    return this.#hosts.has(plain(host))
  }
}

/** One spelling: case, the brackets of an address and a dot at the end make no other host. */
function plain(host: string): string {
  return host.toLowerCase().replace(/^\[|\]$|\.$/g, '')
}

export const BLOCKED: PlaceAnswer = {
  effect: 'deny',
  rule: 'containment.blocked',
  reason: 'an incident that is not resolved has blocked this address',
  fix: 'see which: warder incident list',
}

export const NO_RUN: PlaceAnswer = {
  effect: 'deny',
  rule: 'egress.run-unknown',
  reason: 'no run that goes on has this way out',
  fix: 'start the agent again',
}
