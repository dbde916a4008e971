import { Problem, Unreachable } from './problem.ts'

/** The token every changing request carries; it comes with `GET /session` and lives in this page alone. */
const csrf = { token: '' }

export function useCsrf(token: string): void {
  csrf.token = token
}

/** When somebody last moved or typed. What the page asks by itself must not keep a session from going idle. */
const touched = { at: Date.now() }
for (const event of ['pointerdown', 'keydown', 'wheel'] as const) {
  addEventListener(event, () => (touched.at = Date.now()), { passive: true })
}

const AT_WORK_MS = 60_000

export async function send(
  method: string,
  path: string,
  body?: unknown,
  signal?: AbortSignal,
): Promise<Response> {
  const headers: Record<string, string> = { accept: 'application/json' }
  if (Date.now() - touched.at > AT_WORK_MS) headers['x-warder-background'] = '1'
  if (method !== 'GET') headers['x-warder-csrf'] = csrf.token
  if (body !== undefined) headers['content-type'] = 'application/json'
  const init: RequestInit = {
    method,
    headers,
    credentials: 'same-origin',
    cache: 'no-store',
    redirect: 'error',
  }
  if (body !== undefined) init.body = JSON.stringify(body)
  if (signal !== undefined) init.signal = signal
  try {
    return await fetch(path, init)
  } catch (error) {
    if (signal?.aborted === true) throw error
    throw new Unreachable(error)
  }
}

export async function sendJson<T>(
  method: string,
  path: string,
  body?: unknown,
  signal?: AbortSignal,
): Promise<T> {
  const response = await send(method, path, body, signal)
  const value: unknown = await response.json().catch(() => undefined)
  if (!response.ok) throw new Problem(response.status, value)
  return value as T
}
