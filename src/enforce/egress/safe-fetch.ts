import { admit } from './admit.ts'
import { EgressError } from './errors.ts'
import { DEFAULT_BUDGET, type EgressBudget, type Pin } from './grant.ts'
import { parseTarget, targetName, type Target } from './host.ts'
import { findRoute, follow } from './route.ts'
import type { EgressRule } from './rules.ts'
import { EgressRun, type EgressPorts } from './run.ts'
import { hop, type Answered, type Sent } from './safe-fetch-hop.ts'
import { rootContexts } from './tls/upstream.ts'
import { within } from './within.ts'

export interface SafeFetchOptions {
  /** What Warder itself may reach; what no rule names is refused, and nobody is asked. */
  readonly rules: readonly EgressRule[]
  readonly pins?: readonly Pin[]
  readonly budget?: EgressBudget
  readonly ports: Omit<EgressPorts, 'ask'>
  /** Whose request it is in the record, such as `warder:webhook`. */
  readonly name: string
}

export interface SafeRequest {
  /** Default GET. */
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
  /** Of the whole, redirects among it (default 10 s). */
  readonly timeoutMs?: number
  /** Of the answer's body (default 1 MiB). */
  readonly maxBytes?: number
  /** Default 3. */
  readonly redirects?: number
  /** Nobody waits any more. */
  readonly signal?: AbortSignal
}

export interface SafeAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly body: Buffer
  /** Where it came from in the end. */
  readonly url: string
}

/** @throws EgressError `EGRESS_REFUSED`, `_REDIRECTED`, `_UNREACHABLE`, `_UNTRUSTED`, `_TOO_LARGE`, `_TIMED_OUT` */
export type SafeFetch = (url: string, request?: SafeRequest) => Promise<SafeAnswer>

const TIMEOUT_MS = 10_000
const MOST_BYTES = 1024 ** 2
const MOST_REDIRECTS = 3

/**
 * HTTP for Warder's own code, by the rules agents have: each hop is decided on, recorded, looked up, checked and pinned
 * by itself. It binds who calls it and nobody else; a child process needs the proxy.
 *
 * @throws EgressError `EGRESS_GRANT_INVALID`
 */
export function createSafeFetch(options: SafeFetchOptions): SafeFetch {
  const { name, ports, pins = [], budget = DEFAULT_BUDGET, rules } = options
  const grant = {
    ...{ runId: name, agent: name, rules, budget, pins, limits: [] },
    ...{ intercept: [], secrets: [], content: [], asks: false, airlock: 'off' as const, until: Infinity },
  }
  const run = new EgressRun(
    grant,
    { ...ports, ask: () => Promise.reject(new Error('nobody is asked')) },
    () => 'off',
  )
  const contexts = rootContexts()
  return async (url, request = {}) => {
    const limitMs = request.timeoutMs ?? TIMEOUT_MS
    const timeout: { isOver: boolean } = { isOver: false }
    try {
      return await within(run.signal, limitMs, async (late) => {
        late.addEventListener('abort', () => (timeout.isOver = true))
        const signal = request.signal === undefined ? late : AbortSignal.any([late, request.signal])
        return await followed(run, contexts, url, request, signal)
      })
    } catch (error) {
      if (timeout.isOver) throw timedOut(url, limitMs)
      throw error
    }
  }
}

async function followed(
  run: EgressRun,
  contexts: ReturnType<typeof rootContexts>,
  first: string,
  request: SafeRequest,
  signal: AbortSignal,
): Promise<SafeAnswer> {
  const { maxBytes = MOST_BYTES, redirects = MOST_REDIRECTS } = request
  let [url, sent] = [parsed(first), sentBy(request)]
  for (let hops = 0; ; hops += 1) {
    const answered = await oneHop(run, contexts, url, sent, maxBytes, signal)
    const next = nextOf(url, answered)
    if (next === undefined) return { ...answered, url: url.href }
    if (hops >= redirects) throw redirected(`${next.host} is one redirect too many`)
    if (url.protocol === 'https:' && next.protocol !== 'https:') throw redirected(`${next.host} is not https`)
    ;[url, sent] = [next, sentOn(sent, answered.status, next.origin === url.origin)]
  }
}

function sentBy({ method = 'GET', headers = {}, body }: SafeRequest): Sent {
  return { method, headers, ...(body === undefined ? {} : { body }) }
}

function nextOf(url: URL, { status, headers }: Answered): URL | undefined {
  const location = headers['location']
  if (![301, 302, 303, 307, 308].includes(status) || typeof location !== 'string') return undefined
  return parsed(location, url)
}

/** As the Fetch standard has it (section 4.4): what only the first host may know stays with it. */
function sentOn({ method, headers, body }: Sent, status: number, isSameOrigin: boolean): Sent {
  const becomesGet =
    (status === 303 && method !== 'HEAD') || ((status === 301 || status === 302) && method === 'POST')
  const dropped = [...(isSameOrigin ? [] : OF_ORIGIN), ...(becomesGet ? OF_BODY : [])]
  const kept = Object.entries(headers).filter(([name]) => !dropped.includes(name.toLowerCase()))
  const rest = { headers: Object.fromEntries(kept) }
  if (becomesGet) return { ...rest, method: 'GET' }
  return { ...rest, method, ...(body === undefined ? {} : { body }) }
}

const OF_ORIGIN = ['authorization', 'cookie', 'proxy-authorization', 'host', 'x-api-key']
const OF_BODY = ['content-type', 'content-length', 'content-encoding', 'content-language', 'content-location']

async function oneHop(
  run: EgressRun,
  contexts: ReturnType<typeof rootContexts>,
  url: URL,
  sent: Sent,
  maxBytes: number,
  signal: AbortSignal,
): Promise<Answered> {
  const target = targetOf(url)
  const scheme = url.protocol === 'https:' ? 'https' : 'http'
  const seen = { method: sent.method, path: url.pathname }
  const admission = await admit(run, { target, seen }, scheme)
  if (!admission.allowed) throw refused(target, admission.refusal.reason, admission.refusal.fix)
  const startedMs = run.ports.clock.monotonicMs()
  const counted = { bytesOut: 0, bytesIn: 0 }
  try {
    const found = await findRoute(run, target)
    if ('refusal' in found) throw refused(target, found.refusal.reason, found.refusal.fix)
    const { roots } = run.ports
    const route = {
      ...{ host: target.host.text, port: target.port, pins: run.pinsFor(target.host) },
      ...(roots === undefined ? {} : { roots }),
      dial: async () => (await follow(run, found.route)).socket,
    }
    return await hop({ route, scheme, contexts, url, sent, maxBytes, signal, counted })
  } finally {
    const { runId, agent } = run.grant
    run.tell({
      kind: 'end',
      ...{ runId, agent, id: admission.id, at: run.ports.clock.now() },
      ...{ host: target.host.text, port: target.port, ...counted, labels: [], secrets: [], findings: [] },
      ms: Math.max(0, Math.round(run.ports.clock.monotonicMs() - startedMs)),
    })
  }
}

function parsed(text: string, base?: URL): URL {
  const url = URL.parse(text, base?.href)
  const isPlain =
    url !== null && ['http:', 'https:'].includes(url.protocol) && url.username === '' && url.password === ''
  if (isPlain) return url
  throw new EgressError(
    'EGRESS_REFUSED',
    'an address is not http or https, or holds a user or password',
    'give the address alone; put credentials in a header',
  )
}

function targetOf(url: URL): Target {
  const target = parseTarget(url.host, url.protocol === 'https:' ? 443 : 80)
  if (target !== undefined) return target
  throw new EgressError('EGRESS_REFUSED', 'an address names no host', 'name one')
}

function refused(target: Target, reason: string, fix: string): EgressError {
  return new EgressError('EGRESS_REFUSED', `${targetName(target)} is refused: ${reason}`, fix, {
    where: targetName(target),
  })
}

function redirected(why: string): EgressError {
  return new EgressError(
    'EGRESS_REDIRECTED',
    `an answer led on, and was not followed: ${why}`,
    'ask the place it leads to itself, if that is meant',
  )
}

function timedOut(url: string, limitMs: number): EgressError {
  const host = URL.parse(url)?.host ?? 'a host'
  return new EgressError(
    'EGRESS_TIMED_OUT',
    `${host} did not answer whole within ${limitMs} ms`,
    'try again later, or give it more time',
  )
}
