/** What about a connection or request was not in order. Never changes its meaning; clients may read it. */
export type RefusalCode =
  | 'outside' // no rule names the host and port
  | 'denied' // a rule denies it
  | 'method' // allowed there, but not this method or path
  | 'unseen' // allowed for some methods or paths only, and nobody sees which they are
  | 'address' // the name stands for an address that is not public
  | 'airlock'
  | 'expired'
  | 'budget'
  | 'rate'
  | 'names' // data in the names themselves
  | 'secret' // a placeholder or secret where it must not be
  | 'mismatch' // TLS or Host name another host than was asked for
  | 'protocol' // not TLS, or a TLS that hides its name
  | 'malformed'
  | 'unresolved'
  | 'unreachable'
  | 'timeout'
  | 'stopped'
  | 'fault' // Warder itself could not go on; nothing got out

/** A no, in words: for the program that asked, the person who reads along, and the record. */
export interface Refusal {
  readonly code: RefusalCode
  /** The rule that settled it; `default` when none named it, `egress.<what>` for what no rule can change. */
  readonly rule: string
  readonly reason: string
  readonly fix: string
}

export function refusal(code: RefusalCode, rule: string, reason: string, fix: string): Refusal {
  return { code, rule, reason, fix }
}

/** Carries a refusal up through calls that give a connection or nothing. */
export class Refused extends Error {
  readonly refusal: Refusal

  constructor(refused: Refusal) {
    super(refused.reason)
    this.refusal = refused
  }
}

/** RFC 9110, section 15. */
const STATUS: Readonly<Partial<Record<RefusalCode, number>>> = {
  malformed: 400,
  rate: 429,
  unresolved: 502,
  unreachable: 502,
  timeout: 504,
  stopped: 503,
  fault: 503,
}

export function statusOf({ code }: Refusal): number {
  return STATUS[code] ?? 403
}

const PHRASES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  403: 'Forbidden',
  429: 'Too Many Requests',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
}

/** The answer's parts: a text to read, and the same as problem details (RFC 9457) for programs. */
export function answerTo(
  refused: Refusal,
  host: string,
): { status: number; headers: Record<string, string>; body: string } {
  const status = statusOf(refused)
  const problem = {
    type: 'about:blank',
    title: 'Refused by Warder',
    status,
    code: refused.code,
    detail: refused.reason,
    host,
    rule: refused.rule,
    fix: refused.fix,
  }
  const body = `warder: ${host} is refused: ${refused.reason}\nrule: ${refused.rule}\nfix: ${refused.fix}\n\n${JSON.stringify(problem)}\n`
  return {
    status,
    headers: {
      'Content-Type': 'text/plain; charset=utf-8',
      'Content-Length': `${Buffer.byteLength(body)}`,
      'Cache-Control': 'no-store',
      // many clients show the head of a refused CONNECT, and none its body
      'Warder-Reason': inHeader(refused.reason),
      'Warder-Rule': inHeader(refused.rule),
      'Warder-Fix': inHeader(refused.fix),
      'Proxy-Status': `warder; error=${status === 403 ? 'http_request_denied' : 'proxy_internal_response'}`, // RFC 9209
      Connection: 'close',
    },
    body,
  }
}

function inHeader(text: string): string {
  return text
    .replaceAll('…', '...')
    .replaceAll('’', "'")
    .replaceAll(/[^\x20-\x7e]/g, '?')
    .slice(0, 500)
}

/** The whole answer as it goes over the wire. */
export function answerBytes(refused: Refusal, host: string): string {
  const { status, headers, body } = answerTo(refused, host)
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
  return `HTTP/1.1 ${status} ${PHRASES[status] ?? 'Refused'}\r\n${lines.join('\r\n')}\r\n\r\n${body}`
}
