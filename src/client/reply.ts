import type { IncomingMessage } from 'node:http'
import { readProblem } from '../api/problem.ts'
import { messageOf } from '../core/error.ts'
import { clientError, ClientError, DaemonBug, errorOf } from './error.ts'

/**
 * The whole JSON body of a reply, or undefined for 204 and 205, which have none.
 *
 * @throws ClientError `REPLY_INVALID` when it is empty, cut, too large or not JSON
 */
export async function readJson(response: IncomingMessage, maxBytes: number): Promise<unknown> {
  const text = await readText(response, maxBytes)
  if (response.statusCode === 204 || response.statusCode === 205) return undefined
  if (text === '') throw invalid('it was empty')
  try {
    return JSON.parse(text) as unknown
  } catch (cause) {
    throw invalid('it is not JSON', cause)
  }
}

async function readText(response: IncomingMessage, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = []
  let sizeBytes = 0
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      sizeBytes += chunk.length
      if (sizeBytes > maxBytes) break
      chunks.push(chunk)
    }
  } catch (cause) {
    throw invalid(`it was cut (${messageOf(cause)})`, cause)
  }
  if (sizeBytes > maxBytes) throw invalid(`it is larger than ${maxBytes} bytes`)
  if (!response.complete) throw invalid('it was cut')
  return Buffer.concat(chunks).toString('utf8')
}

const MAX_LINE_CHARACTERS = 16 * 1024 * 1024

/**
 * Newline-delimited JSON as values.
 *
 * @throws ClientError `REPLY_INVALID` when the stream is cut, inside a line or between two
 */
export async function* readLines(response: IncomingMessage): AsyncGenerator<unknown, void, undefined> {
  response.setEncoding('utf8')
  let pending = ''
  try {
    for await (const chunk of response as AsyncIterable<string>) {
      const lines = (pending + chunk).split('\n')
      pending = lines.pop() ?? ''
      if (pending.length > MAX_LINE_CHARACTERS) throw invalid('one of its lines is too long')
      for (const line of lines) if (line !== '') yield parseLine(line)
    }
  } catch (cause) {
    if (cause instanceof ClientError || cause instanceof DaemonBug || isAbort(cause)) throw cause
    throw invalid(`it was cut (${messageOf(cause)})`, cause)
  }
  if (pending !== '' || !response.complete) throw invalid('it was cut')
}

function isAbort(thrown: unknown): boolean {
  return thrown instanceof Error && thrown.name === 'AbortError'
}

function parseLine(line: string): unknown {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch (cause) {
    throw invalid('one of its lines is not JSON', cause)
  }
  // a stream that fails half way ends with the problem as its last line
  const problem = isProblemLine(value) ? readProblem(value.problem) : undefined
  if (problem !== undefined) throw errorOf(problem, (value as { problem: object }).problem)
  return value
}

function isProblemLine(value: unknown): value is { problem: unknown } {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 1 && 'problem' in value
}

/** Throws what an error reply stands for. */
export function throwProblem(status: number, json: unknown): never {
  const problem = readProblem(json)
  if (problem !== undefined) throw errorOf(problem, json as object)
  throw invalid(`it has status ${status} and no explanation`)
}

function invalid(why: string, cause?: unknown): ClientError {
  return clientError('REPLY_INVALID', {
    what: `the daemon's reply cannot be used: ${why}`,
    fix: 'look at the daemon: warder status; if the versions differ (warder version), restart it',
    cause,
  })
}
