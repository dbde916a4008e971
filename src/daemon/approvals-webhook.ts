import { createHmac, timingSafeEqual } from 'node:crypto'
import { z } from 'zod'
import { actionName } from '../core/action.ts'
import { KnownError, messageOf, type ErrorCatalogue } from '../core/error.ts'
import type { Notifier, Question, Reply } from '../decide/approval/index.ts'
import type { SafeFetch, SafeRequest } from '../enforce/egress/index.ts'

export const WEBHOOK_ERRORS = {
  WEBHOOK_INVALID: {
    kind: 'invalid',
    meaning: 'the address or the secret of the approval webhook cannot be used',
  },
  WEBHOOK_FAILED: { kind: 'unavailable', meaning: 'the approval webhook could not be told' },
  WEBHOOK_FORGED: {
    kind: 'forbidden',
    meaning: 'an answer of the approval webhook is not signed as it must be',
  },
} as const satisfies ErrorCatalogue

export class WebhookError extends KnownError<typeof WEBHOOK_ERRORS> {
  override readonly name = 'WebhookError'
}

export interface WebhookOptions {
  readonly url: URL
  /** At least 32 bytes. */
  readonly secret: Uint8Array
  readonly fetch: SafeFetch
  readonly now: () => number
  /** Whether a yes to this may come from there. */
  readonly mayAnswer: (question: Question) => boolean
  /** Masks secrets in the words that leave the machine. */
  readonly redact: (text: string) => string
}

const MOST_REPLY_BYTES = 64 * 1024
const LEAST_SECRET_BYTES = 32
/** The longest a timer can be set to. */
const LONGEST_MS = 2 ** 31 - 1
const SIGNATURE = /^[0-9a-f]{64}$/

const replySchema = z.strictObject({
  decision: z.enum(['once', 'session', 'deny']),
  /** HMAC-SHA-256 in hex over question, payload, decision and note, and the timestamp of the request. */
  signature: z.string().regex(SIGNATURE),
  note: z.string().max(500).optional(),
})

/**
 * Tells an address of each question by a signed POST, and takes the answer from its response, which may come as late as
 * the question is open. What is sent names who asks, how risky it is and why, never a command line. An answer counts
 * when it is signed for this very question, payload and request: an older one, or one for another, does not.
 *
 * @throws WebhookError `WEBHOOK_INVALID`
 */
export function webhookNotifier({ url, secret, fetch, now, redact, mayAnswer }: WebhookOptions): Notifier {
  if (secret.length < LEAST_SECRET_BYTES) {
    throw invalidWebhook(
      'the secret of the webhook is shorter than 32 bytes',
      'make one: openssl rand -hex 32',
    )
  }
  return {
    name: 'webhook',
    canAnswer: true,
    async tell(question, signal) {
      const timestamp = String(now())
      const body = JSON.stringify(bodyOf(question, redact, mayAnswer(question)))
      const { status, reply } = await post(fetch, url, {
        body,
        signal,
        timeoutMs: Math.min(Math.max(1, question.expiresAt - now()), LONGEST_MS),
        headers: {
          'content-type': 'application/json',
          'warder-id': question.id,
          'warder-timestamp': timestamp,
          'warder-signature': `v1=${sign(secret, [timestamp, question.id, body])}`,
        },
      })
      if (status === 204) return undefined // told, and nothing to say
      if (status !== 200) throw failed(`${url.origin} answered ${status}`)
      return replyOf(reply, question, timestamp, secret)
    },
  }
}

/** What the far end signs, and we do. Every part is as long as it says, so that no two lists give one text. */
export function sign(secret: Uint8Array, parts: readonly string[]): string {
  const text = parts.map((part) => `${Buffer.byteLength(part)}:${part}`).join('')
  return createHmac('sha256', secret).update(text).digest('hex')
}

function bodyOf(question: Question, redact: (text: string) => string, mayAnswer: boolean) {
  const { id, kind, principal, rule, reason, payload, expiresAt, action } = question
  const isCommand = question.subject !== undefined
  return {
    v: 1,
    id,
    kind,
    principal,
    risk: action.risk,
    // a command line may hold secrets that no pattern knows: only its program is named
    action: redact(isCommand ? `${action.namespace}:${action.verb}:${action.resource}` : actionName(action)),
    rule,
    reason: redact(reason),
    payload,
    expiresAt: new Date(expiresAt).toISOString(),
    answers: mayAnswer ? [...question.choices.filter((choice) => choice !== 'rule')] : ['deny'],
  }
}

function replyOf(text: string, question: Question, timestamp: string, secret: Uint8Array): Reply {
  const parsed = replySchema.safeParse(json(text))
  if (!parsed.success) throw forged('its answer is not of the agreed shape')
  const { decision, signature, note } = parsed.data
  const right = sign(secret, [timestamp, question.id, question.payload, decision, note ?? ''])
  if (!timingSafeEqual(Buffer.from(signature, 'hex'), Buffer.from(right, 'hex'))) {
    throw forged('its answer is not signed for this question')
  }
  return { say: decision, payload: question.payload, ...(note === undefined ? {} : { note }) }
}

function json(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** A redirect is not followed: it would name somebody else. */
async function post(
  fetch: SafeFetch,
  { href, origin }: URL,
  request: Pick<SafeRequest, 'body' | 'headers' | 'timeoutMs' | 'signal'>,
): Promise<{ readonly status: number; readonly reply: string }> {
  try {
    const all = { method: 'POST', redirects: 0, maxBytes: MOST_REPLY_BYTES, ...request }
    const { status, body } = await fetch(href, all)
    return { status, reply: body.toString('utf8') }
  } catch (error) {
    throw failed(`${origin} was not told: ${messageOf(error)}`, error)
  }
}

export function invalidWebhook(what: string, fix: string): WebhookError {
  return new WebhookError(WEBHOOK_ERRORS, 'WEBHOOK_INVALID', { what, fix })
}

function failed(what: string, cause?: unknown): WebhookError {
  const fix =
    cause instanceof KnownError
      ? cause.fix
      : 'look at what listens there; questions are answered with warder approve as well'
  return new WebhookError(WEBHOOK_ERRORS, 'WEBHOOK_FAILED', { what, fix, cause })
}

function forged(what: string): WebhookError {
  const fix = 'see docs/approvals.md for what is signed; the question still waits'
  return new WebhookError(WEBHOOK_ERRORS, 'WEBHOOK_FORGED', { what, fix })
}
