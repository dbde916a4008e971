import { timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { sha256 } from '../../core/canonical.ts'
import { KnownError, messageOf, type ErrorCatalogue } from '../../core/error.ts'
import { readPrivateFile } from '../../platform/files.ts'

export const HEALTH_ERRORS = {
  METRICS_TOKEN: { kind: 'invalid', meaning: 'the token of the metrics port is missing or too short' },
  METRICS_PORT: { kind: 'unavailable', meaning: 'the metrics port cannot be opened' },
} as const satisfies ErrorCatalogue

export class HealthError extends KnownError<typeof HEALTH_ERRORS> {
  override readonly name = 'HealthError'
}

const LEAST_TOKEN = 32
const HOSTS = new Set(['127.0.0.1', 'localhost'])

export interface PortOptions {
  readonly port: number
  readonly tokenFile: string | undefined
  /** What each path answers, with its media type. */
  readonly pages: Readonly<Record<string, () => Promise<{ readonly type: string; readonly text: string }>>>
  readonly bug: (error: unknown) => void
}

/**
 * A port of this machine for programs that fetch numbers. It reads and answers and does nothing else; every request
 * shows the token, and names this machine as its host, so that no page in a browser can have it read to it.
 *
 * @throws HealthError `METRICS_TOKEN`, `METRICS_PORT`; FileError
 */
export async function openMetricsPort({ port, tokenFile, pages, bug }: PortOptions): Promise<() => void> {
  const token = tokenIn(tokenFile)
  const server = createServer(
    { headersTimeout: 5000, requestTimeout: 5000, keepAliveTimeout: 5000, maxHeaderSize: 8192 },
    (request, response) => {
      const page = pages[request.url ?? '']
      const refusal = refusalOf(request, token, page !== undefined)
      if (refusal !== undefined || page === undefined)
        return answer(response, refusal ?? 404, 'text/plain', '')
      page().then(
        ({ type, text }) => answer(response, 200, type, text),
        (error: unknown) => {
          bug(error)
          answer(response, 500, 'text/plain', '')
        },
      )
    },
  )
  server.maxConnections = 16
  await listening(server, port)
  server.unref()
  return () => {
    server.closeAllConnections()
    server.close()
  }
}

function answer(response: ServerResponse, status: number, type: string, text: string): void {
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(text)
}

function refusalOf(
  { method, headers }: IncomingMessage,
  token: string,
  isThere: boolean,
): number | undefined {
  const host = /^([^:]+)(?::\d{1,5})?$/.exec(headers.host ?? '')?.[1] ?? ''
  if (!HOSTS.has(host)) return 421
  const [, given = ''] = /^Bearer (.+)$/.exec(headers.authorization ?? '') ?? []
  if (!timingSafeEqual(Buffer.from(sha256(given)), Buffer.from(sha256(token)))) return 401
  if (method !== 'GET') return 405
  return isThere ? undefined : 404
}

function tokenIn(path: string | undefined): string {
  const token = path === undefined ? '' : (readPrivateFile(path, 4096)?.toString('latin1').trim() ?? '')
  if (token.length >= LEAST_TOKEN) return token
  throw new HealthError(HEALTH_ERRORS, 'METRICS_TOKEN', {
    what:
      path === undefined
        ? 'health.metrics_port is set without health.metrics_token'
        : `${path} holds no token of ${LEAST_TOKEN} characters`,
    fix: 'make one for nobody else to read: (umask 077; openssl rand -hex 32 > FILE), and name FILE in health.metrics_token',
  })
}

async function listening(server: Server, port: number): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(port, '127.0.0.1', () => resolve())
    })
  } catch (cause) {
    throw new HealthError(HEALTH_ERRORS, 'METRICS_PORT', {
      what: `127.0.0.1:${port} cannot be listened on: ${messageOf(cause)}`,
      fix: 'set health.metrics_port to a free port, or to 0',
      cause,
    })
  }
}
