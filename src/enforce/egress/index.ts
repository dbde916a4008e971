/**
 * The way out. A run reaches hosts through one Unix socket that is its own, and what stands behind it decides and
 * fetches: CONNECT, plain HTTP, SOCKS 5 and WebSocket. This room promises that nothing gets out that no rule names, nor to
 * an address that is not public unless it is listed; that the address that was checked is the one that is dialled; that
 * TLS names the host that was asked for; that budgets and times hold; and that an event is kept before anything leaves.
 * It refuses what two readers would read differently. It trusts the socket to tell who asks, and whoever holds
 * {@link Egress} to know what a run may. In a tunnel it sees neither requests nor contents, and its events say so.
 */
export { classOf, parseAddress, parseNetwork, type Address, type AddressClass } from './address.ts'
export { isAirlockClosed, type Airlock } from './airlock.ts'
export type { Usage } from './budget.ts'
export type { CompanyProxy } from './dial.ts'
export { createEgress, type Egress, type Opened } from './egress.ts'
export { EGRESS_ERRORS, EgressError } from './errors.ts'
export {
  ALERTS,
  type AlertEvent,
  type DecisionEvent,
  type EgressEvent,
  type EndEvent,
  type Via,
} from './event.ts'
export { AIRLOCK_BUDGET, DEFAULT_BUDGET, type EgressBudget, type EgressGrant, type Pin } from './grant.ts'
export { parseHost, parseTarget, targetName, type Host, type Target } from './host.ts'
export { LIMITS, type EgressLimits } from './limits.ts'
export type { Refusal, RefusalCode } from './refusal.ts'
export { serverResolve, systemResolve, type Resolve } from './resolve.ts'
export { compileRules, type EgressRule } from './rules.ts'
export {
  createSafeFetch,
  type SafeAnswer,
  type SafeFetch,
  type SafeFetchOptions,
  type SafeRequest,
} from './safe-fetch.ts'
export type { Answer, EgressPorts, PlaceUsage, Question, RunUsage, Shape } from './run.ts'
export type { OutwardEnd } from './outward-end.ts'
export { lookalike, missingIntercepts, type SecretBinding } from './broker/index.ts'
export { readSystemRoots, trustBundle, trustEnvironment } from './tls/trust.ts'
