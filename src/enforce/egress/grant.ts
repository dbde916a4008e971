import type { Airlock } from './airlock.ts'
import type { SecretBinding } from './broker/binding.ts'
import type { ContentRule } from './content/index.ts'
import type { PlaceLimit } from './place-limit.ts'
import type { EgressRule } from './rules.ts'

/** What one run may reach: made by whoever decided on the run, from its permit and the policy. */
export interface EgressGrant {
  readonly runId: string
  readonly agent: string
  readonly rules: readonly EgressRule[]
  readonly budget: EgressBudget
  /** All that speak of a place hold. */
  readonly limits: readonly PlaceLimit[]
  /** Hosts whose TLS is opened here, so that methods, paths and contents are seen: `example.org`, `*.example.org`. */
  readonly intercept: readonly string[]
  readonly secrets: readonly SecretBinding[]
  readonly content: readonly ContentRule[]
  readonly pins: readonly Pin[]
  /** Whether a host outside the rules is asked about; otherwise it is refused at once. */
  readonly asks: boolean
  /** For this run alone; the one for all runs holds besides. */
  readonly airlock: Airlock
  /** Epoch milliseconds at which everything of it ends. */
  readonly until: number
}

/** The keys a host may prove itself with; whoever shows another one is refused whatever its certificate says. */
export interface Pin {
  /** As in rules. */
  readonly host: string
  /** SHA-256 over the SubjectPublicKeyInfo, in base64 (RFC 7469, section 2.4); give a second one as a reserve. */
  readonly spkiSha256: readonly string[]
}

export interface EgressBudget {
  /** Connections asked for and requests seen, over the whole run. */
  readonly requests: number
  readonly requestsPerMinute: number
  readonly connectionsAtOnce: number
  /** Over the whole run, as they pass here. */
  readonly bytesOut: number
  readonly bytesIn: number
}

/** Enough for installing what a project needs; too little to carry a disk away unseen. */
export const DEFAULT_BUDGET: EgressBudget = {
  requests: 20_000,
  requestsPerMinute: 1200,
  connectionsAtOnce: 128, // as many as the bridge inside a sandbox carries
  bytesOut: 256 * 1024 ** 2,
  bytesIn: 8 * 1024 ** 3,
}

/** For runs behind an airlock. */
export const AIRLOCK_BUDGET: EgressBudget = {
  requests: 1000,
  requestsPerMinute: 30,
  connectionsAtOnce: 16,
  bytesOut: 10 * 1024 ** 2,
  bytesIn: 8 * 1024 ** 3,
}
