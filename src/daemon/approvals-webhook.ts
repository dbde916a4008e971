import { createHmac, timingSafeEqual } from 'node:crypto'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { z } from 'zod'
import { actionName } from '../core/action.ts'
import { KnownError, type ErrorCatalogue } from '../core/error.ts'
import type { Notifier, Question, Reply } from '../decide/approval/index.ts'

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
  readonly url: string
  /** At least 32 bytes. */
  readonly secret: Uint8Array
  readonly now: () => number
  /** Whether a yes to this may come from there. */
  readonly mayAnswer: (question: Question) => boolean
  /** Masks secrets in the words that leave the machine. */
  readonly redact: (text: string) => string
}

const MOST_REPLY_BYTES = 64 * 1024
const LEAST_SECRET_BYTES = 32
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
export function webhookNotifier({ url: text, secret, now, redact, mayAnswer }: WebhookOptions): Notifier {
  const url = checkedUrl(text)
  if (secret.length < LEAST_SECRET_BYTES) {
    throw invalid('the secret of the webhook is shorter than 32 bytes', 'make one: openssl rand -hex 32')
  }
  return {
    name: 'webhook',
    canAnswer: true,
    async tell(question, signal) {
      const timestamp = String(now())
      const body = JSON.stringify(bodyOf(question, redact, mayAnswer(question)))
      const { status, reply } = await post(url, body, signal, {
        'warder-id': question.id,
        'warder-timestamp': timestamp,
        'warder-signature': `v1=${sign(secret, [timestamp, question.id, body])}`,
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

/** In the clear only to this machine itself. */
function checkedUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const isHere = url !== undefined && ['127.0.0.1', '[::1]', 'localhost'].includes(url.hostname)
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && isHere)) {
    if (url.username === '' && url.password === '') return url
  }
  throw invalid(
    'approval.webhook_url is no https address, nor one of this machine',
    'write https://host/path, or http://127.0.0.1:port/path; without a user or password in it',
  )
}

function post(
  url: URL,
  body: string,
  signal: AbortSignal,
  headers: Readonly<Record<string, string>>,
): Promise<{ readonly status: number; readonly reply: string }> {
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest
  const length = String(Buffer.byteLength(body))
  return new Promise((resolve, reject) => {
    const request = send(
      url,
      {
        method: 'POST',
        signal,
        headers: { 'content-type': 'application/json', 'content-length': length, ...headers },
      },
      // a redirect is not followed: it would name somebody else
      (response) =>
        void read(response).then((reply) => resolve({ status: response.statusCode ?? 0, reply }), reject),
    )
    request.once('error', (cause) => reject(failed(`${url.origin} cannot be reached: ${cause.message}`)))
    request.end(body)
  })
}

async function read(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let sizeBytes = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    sizeBytes += chunk.length
    if (sizeBytes > MOST_REPLY_BYTES) throw failed('its answer is longer than 64 KiB')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function invalid(what: string, fix: string): WebhookError {
  return new WebhookError(WEBHOOK_ERRORS, 'WEBHOOK_INVALID', { what, fix })
}

function failed(what: string): WebhookError {
  const fix = 'look at what listens there; questions are answered with warder approve as well'
  return new WebhookError(WEBHOOK_ERRORS, 'WEBHOOK_FAILED', { what, fix })
}

function forged(what: string): WebhookError {
  const fix = 'see docs/approvals.md for what is signed; the question still waits'
  return new WebhookError(WEBHOOK_ERRORS, 'WEBHOOK_FORGED', { what, fix })
}
