import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { createSecureContext, type SecureContext } from 'node:tls'
import { isAddress } from '../broker/index.ts'
import { authorityCertificate, leafCertificate, type AuthorityText } from './certificate.ts'
import { TlsError } from './errors.ts'

/**
 * The certificate authority of one run. It is made when the run's network opens and is gone with it: its key never
 * leaves this process, is on no disk, and can speak only for the hosts that this run has opened. A run that ended
 * leaves nothing behind that another would trust.
 */
export interface Authority {
  /** For the trust stores inside the sandbox. */
  readonly certificatePem: string
  readonly untilMs: number
  /** @throws TlsError `TLS_HOST_OUTSIDE`, `TLS_AUTHORITY_ENDED` */
  contextFor(host: string): SecureContext
  close(): void
}

export interface AuthorityOptions {
  /** Lower-case host patterns: `a.example`, `*.example` (what is below it, not itself), or an address. */
  readonly hosts: readonly string[]
  readonly now: () => number
  /** Default 24 hours; 7 days at most. */
  readonly lifetimeMs?: number
}

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const LONGEST_MS = 7 * DAY_MS
/** So that a sandbox whose clock is a little behind does not refuse it. */
const BEFORE_MS = HOUR_MS
/** Patterns with `*` can name any number of hosts; contexts are 30 KB each. */
const MOST_CONTEXTS = 256

export function createAuthority({ hosts, now, lifetimeMs = DAY_MS }: AuthorityOptions): Authority {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const fromMs = now()
  const text: AuthorityText = {
    name: `Warder run ${randomBytes(8).toString('hex')}`,
    serial: serial(),
    fromMs: fromMs - BEFORE_MS,
    untilMs: fromMs + Math.min(lifetimeMs, LONGEST_MS),
    key: privateKey,
    publicKey,
    hosts,
  }
  return new RunAuthority(text, now)
}

class RunAuthority implements Authority {
  readonly certificatePem: string
  readonly untilMs: number
  readonly #leaf = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  readonly #contexts = new Map<string, SecureContext>()
  readonly #now: () => number
  #text: AuthorityText | undefined

  constructor(text: AuthorityText, now: () => number) {
    this.certificatePem = authorityCertificate(text)
    this.untilMs = text.untilMs
    this.#text = text
    this.#now = now
  }

  contextFor(host: string): SecureContext {
    const text = this.#text
    if (text === undefined || this.#now() >= text.untilMs) throw ended()
    if (!text.hosts.some((pattern) => isCovered(host, pattern))) throw outside(host)
    const made = this.#contexts.get(host) ?? this.#make(host, text)
    // the one used last stays longest
    this.#contexts.delete(host)
    this.#contexts.set(host, made)
    return made
  }

  close(): void {
    this.#text = undefined
    this.#contexts.clear()
  }

  #make(host: string, issuer: AuthorityText): SecureContext {
    const oldest = this.#contexts.keys().next()
    if (this.#contexts.size >= MOST_CONTEXTS && oldest.done !== true) this.#contexts.delete(oldest.value)
    const { fromMs, untilMs } = issuer
    const cert = leafCertificate({
      host,
      serial: serial(),
      fromMs,
      untilMs,
      publicKey: this.#leaf.publicKey,
      issuer,
    })
    const key = this.#leaf.privateKey.export({ type: 'pkcs8', format: 'pem' })
    return createSecureContext({ cert, key, minVersion: 'TLSv1.2' })
  }
}

/** 16 random bytes, positive and never zero (RFC 5280, 4.1.2.2). */
function serial(): Buffer {
  const bytes = randomBytes(16)
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40
  return bytes
}

/** Whether a pattern covers a host: itself, or for `*.x` what is below x but not x. Addresses only themselves. */
export function isCovered(host: string, pattern: string): boolean {
  if (!pattern.startsWith('*.') && !pattern.startsWith('.')) return host === pattern
  const below = pattern.replace(/^\*/, '')
  return !isAddress(host) && host.length > below.length && host.endsWith(below)
}

function outside(host: string): TlsError {
  return new TlsError(
    'TLS_HOST_OUTSIDE',
    `connections to ${JSON.stringify(host)} are not opened in this run`,
    'add the host to what the run has opened, or let it pass unopened',
  )
}

function ended(): TlsError {
  return new TlsError(
    'TLS_AUTHORITY_ENDED',
    'the certificate authority of this run has ended',
    'start the run again; it gets a new one',
  )
}
