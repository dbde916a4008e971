import { newId } from '../core/id.ts'
import type { PolicyDocument } from '../decide/policy/index.ts'
import {
  createSafeFetch,
  EgressError,
  LIMITS,
  serverResolve,
  systemResolve,
  type EgressBudget,
  type EgressEvent,
  type EgressRule,
  type SafeFetch,
} from '../enforce/egress/index.ts'
import type { Clock } from '../platform/clock.ts'
import type { SettingValues } from '../platform/settings.ts'
import { egressOf } from './egress-policy.ts'
import { egressSettings } from './egress-settings.ts'
import { ownAddresses } from './egress/own-addresses.ts'

// Warder's own way out: whoever it tells of questions and alerts, it tells through here and by the rules agents have.

export interface OwnFetchOptions {
  readonly values: Parameters<typeof egressSettings>[0]
  readonly clock: Clock
  readonly record: (event: EgressEvent) => Promise<void>
  readonly warn: (message: string) => void
  /** As it is now: its list `egress` may let a name stand for addresses inside. */
  readonly policy: () => PolicyDocument
}

/** What is written in a setting. */
export interface OwnPlace {
  /** Such as `alert.webhook_url`. */
  readonly setting: keyof SettingValues
  readonly url: URL
  /** Whose connections these are in the record, such as `warder:webhook`. */
  readonly name: string
}

/** In the clear only to this machine itself. @param wrong makes the error of whoever asks */
export function ownAddress(
  setting: keyof SettingValues,
  text: string,
  wrong: (what: string, fix: string) => Error,
): URL {
  const url = URL.parse(text)
  const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url))
  if (url !== null && isSafe && url.username === '' && url.password === '') return url
  throw wrong(
    `${setting} is no https address, nor one of this machine`,
    'write https://host/path, or http://127.0.0.1:port/path; without a user or password in it',
  )
}

/** `localhost` is asked of no name server (RFC 6761, section 6.3). */
function isLoopback({ hostname }: URL): boolean {
  return ['[::1]', 'localhost'].includes(hostname) || /^127(?:\.\d{1,3}){3}$/.test(hostname)
}

/**
 * A way to one address and to no other: by the proxy, resolver and roots everything of Warder's uses, each name looked
 * up, checked and pinned, each connection on record. A private address is reached when it was written there itself, or
 * when the policy lets the name stand for it.
 *
 * @throws EgressError, as {@link SafeFetch} does
 */
export function ownFetch(place: OwnPlace, options: OwnFetchOptions): SafeFetch {
  const made = { inside: '', fetch: undefined as SafeFetch | undefined }
  return async (address, request) => {
    const inside = addressesIn(place, options.policy())
    // what the policy said before holds no longer
    if (made.inside !== inside.join(' ')) made.fetch = undefined
    made.inside = inside.join(' ')
    try {
      made.fetch ??= makeFetch(place, inside, options)
      return await made.fetch(address, request)
    } catch (error) {
      throw told(error, place)
    }
  }
}

function addressesIn({ url, name }: OwnPlace, policy: PolicyDocument): readonly string[] {
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const shapes = egressOf(policy, name).shapesOf({ host, port: portOf(url) })
  return (shapes ?? []).flatMap(({ addresses }) => addresses ?? [])
}

function portOf({ port, protocol }: URL): number {
  return port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port)
}

/** It lives as long as the daemon does: only how fast it goes is limited. */
const BUDGET: EgressBudget = {
  ...{ requests: Infinity, bytesOut: Infinity, bytesIn: Infinity },
  requestsPerMinute: 1200,
  connectionsAtOnce: 128,
}

function makeFetch(place: OwnPlace, inside: readonly string[], options: OwnFetchOptions): SafeFetch {
  const { values, clock, record, warn } = options
  const { proxy, resolvers, roots } = egressSettings(values, { mode: 'off' })
  return createSafeFetch({
    name: place.name,
    budget: BUDGET,
    rules: [ruleFor(place, inside)],
    ports: {
      ...{ record, clock, isOwn: ownAddresses(clock), newId, limits: LIMITS, warn },
      resolve: resolvers === undefined ? systemResolve() : serverResolve(resolvers),
      ...(roots === undefined ? {} : { roots }),
      ...(proxy === undefined || isLoopback(place.url) ? {} : { proxy: lent(proxy) }),
    },
  })
}

function ruleFor({ setting, url }: OwnPlace, inside: readonly string[]): EgressRule {
  // an address of this machine was written there on purpose; a name may not come to stand for one
  const addresses = [...inside, ...(isLoopback(url) ? ['127.0.0.0/8', '::1/128'] : [])]
  return { id: setting, effect: 'allow', host: url.hostname, ports: [portOf(url)], addresses }
}

/** A refusal says what would change it in words of the policy file: the rule behind it is written nowhere. */
function told(error: unknown, { url }: OwnPlace): unknown {
  if (!(error instanceof EgressError) || error.code !== 'EGRESS_REFUSED') return error
  const entry = `{ id: own, hosts: [${JSON.stringify(url.hostname)}], addresses: [NETWORK] }`
  return new EgressError(
    'EGRESS_REFUSED',
    error.message,
    `if ${url.hostname} is meant to stand for an address inside, say so under "egress:" in the policy file: - ${entry}`,
    { cause: error },
  )
}

function lent({ authorization, ...rest }: NonNullable<ReturnType<typeof egressSettings>['proxy']>) {
  if (authorization === undefined) return rest
  return { ...rest, authorization: { use: <T>(act: (bytes: Uint8Array) => T): T => act(authorization) } }
}
