import type { Secret } from '../../../platform/locked-memory-secret.ts'

/** Where in a request a placeholder may stand to be exchanged for the real value. */
export const PLACES = ['header', 'query', 'path', 'body'] as const
export type Place = (typeof PLACES)[number]

/** Requests are signed with the secret instead of carrying it; see `signing.ts`. */
export interface AwsSigning {
  readonly kind: 'aws-sigv4'
  /** The key id the agent has, and the real one. */
  readonly placeholderKeyId: string
  readonly keyId: string
  /** The session token of a temporary key, and what the agent has in its place. */
  readonly sessionToken?: Secret
  readonly placeholderToken?: string
}

/** One secret of one run: what the agent holds instead, and where the real one may go. */
export interface SecretBinding {
  readonly name: string
  readonly placeholder: string
  readonly value: Secret
  /** Lower-case host patterns, `api.example` or `*.example`, each with an optional `:port` (default: any port). */
  readonly hosts: readonly string[]
  readonly places: readonly Place[]
  /** How many requests may carry it in this run (default: any number). */
  readonly budget?: { readonly uses: number }
  /** Whether it may also go over a connection without TLS (default false). */
  readonly plainHttp?: boolean
  /**
   * Hosts beside its own that may see the placeholder in a body, as text: a model's API, to which an agent repeats all
   * it has read. Same patterns as `hosts`; the value is never put in there.
   */
  readonly mentionedTo?: readonly string[]
  readonly sign?: AwsSigning
  /** A value of the same shape that opens nothing: whoever uses it found it where it should not have looked. */
  readonly canary?: Secret
}

/** What a person may want to know about a secret; never its value. */
export interface BrokerEvent {
  readonly kind:
    | 'secret-used'
    /** A placeholder or a value on its way to where it does not belong. */
    | 'secret-astray'
    /** Somebody uses the twin that opens nothing: an incident. */
    | 'canary-used'
    /** A server sent the real value back; the agent saw the placeholder. */
    | 'echo-removed'
    | 'budget-spent'
    /** A placeholder stands where it is not exchanged, toward a host that may see it: it went on as it was. */
    | 'placeholder-left'
  readonly secret: string
  readonly agent: string
  readonly run: string
  readonly host: string
  readonly where: string
}

export interface Destination {
  readonly scheme: 'http' | 'https'
  readonly host: string
  readonly port: number
}

export function isBoundTo(binding: SecretBinding, to: Destination): boolean {
  if (to.scheme !== 'https' && binding.plainHttp !== true) return false
  return binding.hosts.some((pattern) => isHostIn(to, pattern))
}

/** Whether a canonical host is an address: a name has no colon, and is never digits alone. */
export function isAddress(host: string): boolean {
  return host.includes(':') || /^[\d.]+$/.test(host)
}

/** Whether a placeholder may pass there as the text it is; bound hosts may see it in any case. */
export function maySee(binding: SecretBinding, to: Destination): boolean {
  return [...binding.hosts, ...(binding.mentionedTo ?? [])].some((pattern) => isHostIn(to, pattern))
}

function isHostIn({ host, port }: Destination, pattern: string): boolean {
  const { name, port: wanted } = splitPort(pattern)
  if (wanted !== undefined && wanted !== port) return false
  if (!name.startsWith('*.')) return host === name
  return !isAddress(host) && host.length > name.length - 1 && host.endsWith(name.slice(1))
}

/** An address of version 6 with a port stands in brackets, as in a URL. */
function splitPort(pattern: string): { name: string; port?: number } {
  const [, name = pattern, port] =
    /^\[(.+)\](?::(\d+))?$/.exec(pattern) ?? /^([^:]+)(?::(\d+))?$/.exec(pattern) ?? []
  return port === undefined ? { name } : { name, port: Number(port) }
}

/**
 * The hosts of bindings whose connections are not opened: there a placeholder could only pass as it is, and the request
 * would fail at the server for no reason anybody could see. A run with any is refused.
 */
export function missingIntercepts(
  bindings: readonly SecretBinding[],
  intercept: readonly string[],
): string[] {
  const names = bindings.flatMap(({ hosts }) => hosts.map((pattern) => splitPort(pattern).name))
  const isOpened = (name: string) =>
    intercept.some(
      (pattern) => pattern === name || (pattern.startsWith('*.') && name.endsWith(pattern.slice(1))),
    )
  return [...new Set(names)].filter((name) => !isOpened(name))
}
