import { request, type IncomingMessage } from 'node:http'
import { Breaker, BreakerOpenError } from '../../../core/breaker.ts'
import { messageOf } from '../../../core/error.ts'
import { systemClock } from '../../../platform/clock.ts'
import { TextError } from './error.ts'
import type { GuardModel, TextChannel } from './types.ts'

export interface HttpGuardOptions {
  /** `http://127.0.0.1:8085/judge`: on this machine, by address. */
  readonly url: string
  /** Of one question (default 2 s). */
  readonly timeoutMs?: number
  readonly monotonicMs?: () => number
}

const TIMEOUT_MS = 2000
const MOST_ANSWER_BYTES = 65_536
/** More is not sent: the text as such was scanned before. */
const MOST_TEXT = 200_000
const LOOPBACK = /^(?:127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\])$/

/**
 * A guard behind a local HTTP address: it is sent `{"text", "channel"}` and answers `{"risk": 0 to 1}`. Redirects and
 * proxies are not followed, so that no text leaves the machine.
 *
 * @throws TextError `TEXT_GUARD_INVALID` when the address is not one of this machine
 */
export function createHttpGuard({
  url: address,
  timeoutMs = TIMEOUT_MS,
  monotonicMs = systemClock.monotonicMs,
}: HttpGuardOptions): GuardModel {
  const url = URL.parse(address)
  if (url === null || url.protocol !== 'http:' || !LOOPBACK.test(url.hostname) || url.username !== '')
    throw new TextError('TEXT_GUARD_INVALID', {
      what: 'the guard’s address is not of the form http://127.0.0.1:PORT/PATH',
      fix: 'run the guard on this machine and name it by a loopback address',
    })
  // a guard that does not answer is left alone for a while, so that no text waits for it
  const breaker = new Breaker(url.host, monotonicMs)
  return {
    name: url.host,
    ask: async (text, channel) => {
      try {
        return await breaker.pass(async () => riskIn(await answerOf(url, bodyOf(text, channel), timeoutMs)))
      } catch (error) {
        throw error instanceof BreakerOpenError ? failed(error.message, error) : error
      }
    },
  }
}

function bodyOf(text: string, channel: TextChannel): string {
  return JSON.stringify({ text: text.slice(0, MOST_TEXT), channel })
}

async function answerOf(url: URL, body: string, timeoutMs: number): Promise<string> {
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
  const options = { method: 'POST', headers, agent: false, signal: AbortSignal.timeout(timeoutMs) }
  try {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      request(url, options, resolve).on('error', reject).end(body)
    })
    return await bodyOfAnswer(response)
  } catch (cause) {
    const isLate = cause instanceof Error && cause.name === 'AbortError'
    throw failed(isLate ? `it did not answer within ${timeoutMs} ms` : messageOf(cause), cause)
  }
}

async function bodyOfAnswer(response: IncomingMessage): Promise<string> {
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

function failed(what: string, cause?: unknown): TextError {
  const fix = 'look at the guard; the verdict stands without it'
  return new TextError('TEXT_GUARD_FAILED', { what, fix, ...(cause === undefined ? {} : { cause }) })
}
