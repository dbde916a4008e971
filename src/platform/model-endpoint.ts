import { request, type IncomingMessage } from 'node:http'
import { Breaker, BreakerOpenError } from '../core/breaker.ts'
import { messageOf } from '../core/error.ts'
import { systemClock } from './clock.ts'

export interface ModelEndpointOptions {
  /** From {@link modelAddress}. */
  readonly url: URL
  /** Of one question. */
  readonly timeoutMs: number
  readonly monotonicMs?: () => number
  /** The error of whoever asks: `what` says why there is no answer. */
  readonly failed: (what: string, cause?: unknown) => Error
}

/** A model on this machine that says how bad something is. */
export interface ModelEndpoint {
  /** Sends `body`, JSON. @returns a risk from 0 to 1. @throws what `failed` makes, whenever there is no such answer */
  readonly risk: (body: string) => Promise<number>
}

const MOST_ANSWER_BYTES = 65_536
const LOOPBACK = /^(?:127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\])$/

/** @returns undefined when it is not of the form `http://127.0.0.1:PORT/PATH`, by which no text leaves the machine. */
export function modelAddress(address: string): URL | undefined {
  const url = URL.parse(address)
  const isHere = url?.protocol === 'http:' && LOOPBACK.test(url.hostname) && url.username === ''
  return isHere ? url : undefined
}

/**
 * A model behind a local HTTP address, which answers `{"risk": 0 to 1}`. Redirects and proxies are not followed. One
 * that does not answer is left alone for a while, so that nothing waits for it again and again.
 */
export function createModelEndpoint({
  url,
  timeoutMs,
  monotonicMs = systemClock.monotonicMs,
  failed,
}: ModelEndpointOptions): ModelEndpoint {
  const breaker = new Breaker(url.host, monotonicMs)
  const options = { method: 'POST', agent: false }

  async function answerTo(body: string): Promise<string> {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
    try {
      const response = await new Promise<IncomingMessage>((resolve, reject) => {
        const signal = AbortSignal.timeout(timeoutMs)
        request(url, { ...options, headers, signal }, resolve)
          .on('error', reject)
          .end(body)
      })
      return await textOf(response)
    } catch (cause) {
      const isLate = cause instanceof Error && (cause.name === 'AbortError' || cause.name === 'TimeoutError')
      throw failed(isLate ? `it did not answer within ${timeoutMs} ms` : messageOf(cause), cause)
    }
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

  return {
    risk: async (body) => {
      try {
        return await breaker.pass(async () => riskIn(await answerTo(body)))
      } catch (error) {
        throw error instanceof BreakerOpenError ? failed(error.message, error) : error
      }
    },
  }
}

async function textOf(response: IncomingMessage): Promise<string> {
  if (response.statusCode !== 200) {
    response.destroy()
    throw new Error(`it answered with status ${response.statusCode ?? 0}`)
  }
  const chunks: Buffer[] = []
  let sizeBytes = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    sizeBytes += chunk.length
    if (sizeBytes > MOST_ANSWER_BYTES) throw new Error('its answer is too long')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
