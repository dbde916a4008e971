import { admit } from './admit.ts'
import { createBroker, missingIntercepts, type Broker, type BrokerEvent } from './broker/index.ts'
import { ContentGuard, type ContentScanner } from './content/index.ts'
import { EgressError } from './errors.ts'
import type { AlertEvent } from './event.ts'
import type { EgressGrant } from './grant.ts'
import { parseTarget } from './host.ts'
import { refusal, type Refusal } from './refusal.ts'
import type { EgressRun } from './run.ts'
import { createAuthority, type Authority } from './tls/authority.ts'
import { createInterceptor, type Interceptor } from './tls/intercept.ts'
import type { AskedRequest, ExchangeRecord, RequestAnswer } from './tls/record.ts'

/** What looks into the requests of one run: its own authority, its secrets, its rules for contents. */
export interface Inspection {
  readonly interceptor: Interceptor
  /** PEM; absent when no host's TLS is opened. */
  readonly authorityPem?: string
  /** For each name before anything is asked about it. */
  refuseName(name: string): Refusal | undefined
  close(): void
}

export type CreateInspection = (run: EgressRun) => Inspection

/** @param scanner what knows secrets by their looks; without one, rules that block or redact them are refused */
export function inspectionWith(scanner: ContentScanner | undefined): CreateInspection {
  return (run) => {
    const { grant, ports } = run
    checkIntercepts(grant)
    const broker = createBroker({
      bindings: grant.secrets,
      agent: grant.agent,
      run: grant.runId,
      now: ports.clock.now,
      alert: (event) => tellSecret(run, event),
    })
    const authority = grant.intercept.length === 0 ? undefined : authorityOf(run)
    const interceptor = createInterceptor({
      agent: grant.agent,
      run: grant.runId,
      broker,
      content: contentOf(grant, scanner),
      ...(authority === undefined ? {} : { authority }),
      decideRequest: (asked) => decideRequest(run, asked),
      record: (record) => tellExchange(run, record),
      now: ports.clock.now,
      limits: { idleMs: ports.limits.idleMs, headMs: ports.limits.headMs },
    })
    return {
      interceptor,
      ...(authority === undefined ? {} : { authorityPem: authority.certificatePem }),
      refuseName: (name) => hiddenIn(broker, name),
      close: () => {
        interceptor.close()
        broker.close()
        authority?.close()
      },
    }
  }
}

function checkIntercepts({ secrets, intercept }: EgressGrant): void {
  const missing = missingIntercepts(secrets, intercept)
  if (missing.length === 0) return
  throw new EgressError(
    'EGRESS_GRANT_INVALID',
    `secrets belong to ${missing.join(', ')}, whose connections are not opened, so nobody could put them in`,
    'let these hosts be intercepted, or leave the secrets away',
  )
}

/** One for a run: what the run trusts is worth nothing to any other. */
function authorityOf({ grant, ports }: EgressRun): Authority {
  const { now } = ports.clock
  return createAuthority({
    hosts: grant.intercept.map(patternOf),
    now,
    lifetimeMs: Math.max(1, grant.until - now()),
  })
}

/** `.example.org` and `*.example.org` are one to rules; an address stands without its brackets. */
function patternOf(pattern: string): string {
  if (pattern.startsWith('.')) return `*${pattern}`.toLowerCase()
  const host = pattern.startsWith('*.') ? undefined : parseTarget(pattern, 443)?.host
  return host?.text ?? pattern.toLowerCase()
}

function contentOf(grant: EgressGrant, scanner: ContentScanner | undefined): ContentGuard {
  const placeholders = grant.secrets.map(({ placeholder }) => placeholder)
  return new ContentGuard(grant.content, { placeholders, ...(scanner === undefined ? {} : { scanner }) })
}

function hiddenIn(broker: Broker, name: string): Refusal | undefined {
  const found = broker.refuseName(name)
  return found === undefined ? undefined : refusal('secret', found.rule, found.reason, found.fix)
}

async function decideRequest(run: EgressRun, asked: AskedRequest): Promise<RequestAnswer> {
  const { host, method, path, port, scheme } = asked
  const target = parseTarget(`${host.includes(':') ? `[${host}]` : host}:${port}`)
  if (target === undefined) return { effect: 'deny', refusal: NO_HOST }
  const admission = await admit(run, { target, seen: { method, path } }, scheme)
  if (!admission.allowed) return { effect: 'deny', refusal: admission.refusal }
  return { effect: 'allow', rule: admission.rule.rule.id, id: admission.id }
}

const NO_HOST = refusal('malformed', 'egress.http', 'the request is for no host', 'name one')

function tellExchange(run: EgressRun, record: ExchangeRecord): void {
  const { runId, agent } = run.grant
  const { host, port, bytesIn, bytesOut, findings, labels, ms, secrets, status } = record
  run.tell({
    kind: 'end',
    ...{ runId, agent, id: record.id ?? run.ports.newId(), at: run.ports.clock.now() },
    ...{ host, port, bytesOut, bytesIn, labels, secrets, findings },
    ms: Math.max(0, Math.round(ms)),
    ...(status === undefined ? {} : { status }),
    ...(record.reason === undefined ? {} : { code: 'denied' as const, reason: record.reason.slice(0, 1000) }),
  })
}

const ALERT_OF: Readonly<Partial<Record<BrokerEvent['kind'], AlertEvent['alert']>>> = {
  'secret-astray': 'secret-astray',
  'placeholder-left': 'placeholder-left',
  'budget-spent': 'secret-budget-spent',
  'echo-removed': 'secret-echo-removed',
  'canary-used': 'canary-used',
}

/** That a secret was used stands in the event of its request; the rest somebody should know of. */
function tellSecret(run: EgressRun, { host, kind, secret, where }: BrokerEvent): void {
  const alert = ALERT_OF[kind]
  if (alert !== undefined) run.alert(alert, host, `${kind} in ${where}`, secret)
}
