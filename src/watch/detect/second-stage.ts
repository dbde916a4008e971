import { request, type IncomingMessage } from 'node:http'
import { messageOf } from '../../core/error.ts'
import type { Finding } from '../../core/incident.ts'
import { RISK_LEVELS, type RiskLevel } from '../../core/risk.ts'
import { DetectError } from './error.ts'

export interface SecondStageOptions {
  /** `http://127.0.0.1:8086/judge`: on this machine, by address. */
  readonly url: string
  readonly timeoutMs?: number
  /** What is sent passes it. */
  readonly redact: (text: string) => string
}

/** A model that reads what a rule found. It may say that it is worse; nothing it says makes anything better. */
export interface SecondStage {
  readonly name: string
  /** @returns the severity it makes of it, never below the rule's. @throws DetectError `DETECT_MODEL_FAILED` */
  judge(finding: Finding): Promise<RiskLevel>
}

const TIMEOUT_MS = 5000
const MOST_ANSWER_BYTES = 65_536
const LOOPBACK = /^(?:127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\])$/
/** From this risk on a finding counts as one level worse, and from the second as critical. */
const WORSE_FROM = 0.7
const CRITICAL_FROM = 0.95

/**
 * A model behind a local HTTP address: it is sent `{"rule", "severity", "summary", "evidence"}`, redacted, and answers
 * `{"risk": 0 to 1}`. Redirects and proxies are not followed, so that nothing leaves the machine.
 *
 * @throws DetectError `DETECT_MODEL_INVALID` when the address is not one of this machine
 */
export function createSecondStage({
  url: address,
  timeoutMs = TIMEOUT_MS,
  redact,
}: SecondStageOptions): SecondStage {
  const url = URL.parse(address)
  if (url === null || url.protocol !== 'http:' || !LOOPBACK.test(url.hostname) || url.username !== '')
    throw new DetectError('DETECT_MODEL_INVALID', {
      what: 'detect.model_url is not of the form http://127.0.0.1:PORT/PATH',
      fix: 'run the model on this machine and name it by a loopback address',
    })
  return {
    name: url.host,
    judge: async (finding) =>
      worse(finding.severity, riskIn(await ask(url, bodyOf(finding, redact), timeoutMs))),
  }
}

function worse(severity: RiskLevel, risk: number): RiskLevel {
  if (risk >= CRITICAL_FROM) return 'critical'
  const next = RISK_LEVELS.indexOf(severity) + (risk >= WORSE_FROM ? 1 : 0)
  return RISK_LEVELS[Math.min(next, RISK_LEVELS.length - 1)] ?? severity
}

function bodyOf({ rule, severity, summary, evidence }: Finding, redact: (text: string) => string): string {
  const masked = Object.entries(evidence).map(([name, value]) => [
    name,
    typeof value === 'string' ? redact(value) : value,
  ])
  return JSON.stringify({ rule, severity, summary: redact(summary), evidence: Object.fromEntries(masked) })
}

async function ask(url: URL, body: string, timeoutMs: number): Promise<string> {
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
  const options = { method: 'POST', headers, agent: false, signal: AbortSignal.timeout(timeoutMs) }
  try {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      request(url, options, resolve).on('error', reject).end(body)
    })
    return await answerIn(response)
  } catch (cause) {
    const isLate = cause instanceof Error && (cause.name === 'AbortError' || cause.name === 'TimeoutError')
    throw failed(isLate ? `it did not answer within ${timeoutMs} ms` : messageOf(cause), cause)
  }
}

async function answerIn(response: IncomingMessage): Promise<string> {
  if (response.statusCode !== 200) {
    response.destroy()
    throw failed(`it answered with status ${response.statusCode ?? 0}`)
  }
  const chunks: Buffer[] = []
  let sizeBytes = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    sizeBytes += chunk.length
    if (sizeBytes > MOST_ANSWER_BYTES) throw failed('its answer is too long')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function riskIn(answer: string): number {
  const value = parsed(answer)
  const risk = typeof value === 'object' && value !== null && 'risk' in value ? value.risk : undefined
  if (typeof risk === 'number' && risk >= 0 && risk <= 1) return risk
  throw failed('its answer holds no risk between 0 and 1')
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw failed('its answer is not JSON', cause)
  }
}

function failed(what: string, cause?: unknown): DetectError {
  const fix = 'look at the model; what the rules said stands without it'
  return new DetectError('DETECT_MODEL_FAILED', { what, fix, ...(cause === undefined ? {} : { cause }) })
}
