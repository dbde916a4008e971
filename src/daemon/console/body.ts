import type { IncomingMessage } from 'node:http'
import { HTTP_ERRORS, HttpError } from '../http/problem.ts'

/**
 * The JSON object a request carries; an empty body is an empty object.
 *
 * @throws HttpError `BODY_TOO_LARGE`, `BODY_INVALID`
 */
export async function readBody(
  request: IncomingMessage,
  mostBytes: number,
): Promise<Readonly<Record<string, unknown>>> {
  if (Number(request.headers['content-length'] ?? 0) > mostBytes) throw tooLarge(mostBytes)
  const chunks: Buffer[] = []
  let sizeBytes = 0
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      sizeBytes += chunk.length
      if (sizeBytes > mostBytes) throw tooLarge(mostBytes)
      chunks.push(chunk)
    }
  } catch (error) {
    if (error instanceof HttpError) throw error
    throw invalid('the body was cut', error)
  }
  return objectIn(Buffer.concat(chunks))
}

function objectIn(bytes: Buffer): Readonly<Record<string, unknown>> {
  if (bytes.length === 0) return {}
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (cause) {
    throw invalid('the body is not JSON in UTF-8', cause)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalid('the body is not an object')
  }
  return value as Readonly<Record<string, unknown>>
}

function invalid(what: string, cause?: unknown): HttpError {
  return new HttpError(HTTP_ERRORS, 'BODY_INVALID', { what, fix: 'send one JSON object', cause })
}

function tooLarge(mostBytes: number): HttpError {
  return new HttpError(HTTP_ERRORS, 'BODY_TOO_LARGE', {
    what: `the body is larger than ${mostBytes} bytes`,
    fix: 'send less',
  })
}
