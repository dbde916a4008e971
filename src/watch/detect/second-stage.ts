import type { Finding } from '../../core/incident.ts'
import { RISK_LEVELS, type RiskLevel } from '../../core/risk.ts'
import { createModelEndpoint, modelAddress } from '../../platform/model-endpoint.ts'
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
/** From this risk on a finding counts as one level worse, and from the second as critical. */
const WORSE_FROM = 0.7
const CRITICAL_FROM = 0.95

/**
 * A model behind a local HTTP address: it is sent `{"rule", "severity", "summary", "evidence"}`, redacted, and answers
 * `{"risk": 0 to 1}`.
 *
 * @throws DetectError `DETECT_MODEL_INVALID` when the address is not one of this machine
 */
export function createSecondStage({
  url: address,
  timeoutMs = TIMEOUT_MS,
  redact,
}: SecondStageOptions): SecondStage {
  const url = modelAddress(address)
  if (url === undefined)
    throw new DetectError('DETECT_MODEL_INVALID', {
      what: 'detect.model_url is not of the form http://127.0.0.1:PORT/PATH',
      fix: 'run the model on this machine and name it by a loopback address',
    })
  const endpoint = createModelEndpoint({ url, timeoutMs, failed })
  return {
    name: url.host,
    judge: async (finding) => worse(finding.severity, await endpoint.risk(bodyOf(finding, redact))),
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

function failed(what: string, cause?: unknown): DetectError {
  const fix = 'look at the model; what the rules said stands without it'
  return new DetectError('DETECT_MODEL_FAILED', { what, fix, ...(cause === undefined ? {} : { cause }) })
}
