import { isUtf8 } from 'node:buffer'
import type { IncomingMessage } from 'node:http'
import { hasHalfCharacter } from '../../core/json-text.ts'
import { HTTP_ERRORS, HttpError } from './problem.ts'

const MAX_BODY_BYTES = 2 * 1024 * 1024

/**
 * The JSON object a request carries; an empty body is an empty object. Read from the socket's own stream: a detour over
 * web streams costs more than everything else a decision does.
 *
 * @throws HttpError `BODY_TOO_LARGE`, `BODY_INVALID`
 */
export async function readObject(incoming: IncomingMessage): Promise<Readonly<Record<string, unknown>>> {
  if (Number(incoming.headers['content-length'] ?? 0) > MAX_BODY_BYTES) throw tooLarge()
  const text = await readText(incoming)
  if (text === '') return {}
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch (cause) {
    throw invalid('the body is not JSON', cause)
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw invalid('the body is not an object')
  // it would be digested, shown and written as something else than what was sent
  if (hasHalfCharacter(body, text)) throw invalid('the body holds half a character (a lone surrogate)')
  return body as Readonly<Record<string, unknown>>
}

function readText(incoming: IncomingMessage): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const chunks: Buffer[] = []
  let sizeBytes = 0
  incoming.on('data', (chunk: Buffer) => {
    sizeBytes += chunk.length
    if (sizeBytes <= MAX_BODY_BYTES) chunks.push(chunk)
    else reject(tooLarge())
  })
  incoming.once('end', () => {
    const bytes = Buffer.concat(chunks)
    // bytes that are no text would all become the same sign, and one name another
    if (isUtf8(bytes)) resolve(bytes.toString('utf8'))
    else reject(invalid('the body is not UTF-8'))
  })
  incoming.once('error', (cause) => reject(invalid('the body was cut', cause)))
  incoming.once('close', () => reject(invalid('the body was cut')))
  return promise
}

function invalid(what: string, cause?: unknown): HttpError {
  return new HttpError(HTTP_ERRORS, 'BODY_INVALID', { what, fix: 'send one JSON object', cause })
}

function tooLarge(): HttpError {
  return new HttpError(HTTP_ERRORS, 'BODY_TOO_LARGE', {
    what: `the body is larger than ${MAX_BODY_BYTES} bytes`,
    fix: 'send less',
  })
}
