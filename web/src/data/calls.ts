import { ROUTES } from 'virtual:routes'
import type { EndpointName, InputOf, OutputOf } from '../../../src/api/endpoints.ts'
import { send, sendJson } from './http.ts'
import { Problem } from './problem.ts'
import { askForProof } from './proof.ts'
import { forgetSession } from './session.ts'

/**
 * Calls the daemon. When it wants to be sure first who sits here, the person is asked and the call repeated once.
 *
 * @throws Problem as the daemon gave it; Unreachable when nobody answers
 */
export async function call<N extends EndpointName>(
  name: N,
  input: InputOf<N>,
  signal?: AbortSignal,
): Promise<OutputOf<N>> {
  const { method, path, body } = request(name, input)
  try {
    return await sendJson<OutputOf<N>>(method, path, body, signal)
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    if (error.code === 'LOGIN_NEEDED') forgetSession()
    if (error.code !== 'FRESH_NEEDED' || !(await askForProof())) throw error
    return sendJson<OutputOf<N>>(method, path, body, signal)
  }
}

/** Reads what a streaming call answers until it ends, line by line. */
export async function* callLines<N extends EndpointName>(
  name: N,
  input: InputOf<N>,
  signal?: AbortSignal,
): AsyncGenerator<OutputOf<N>> {
  const { method, path, body } = request(name, input)
  const response = await send(method, path, body, signal)
  if (!response.ok) throw new Problem(response.status, await response.json().catch(() => undefined))
  if (response.body === null) return
  let rest = ''
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) if (line !== '') yield JSON.parse(line) as OutputOf<N>
  }
  if (rest !== '') yield JSON.parse(rest) as OutputOf<N>
}

function request(name: string, input: object): { method: string; path: string; body?: unknown } {
  const route = ROUTES[name]
  if (route === undefined) throw new Error(`there is no call ${name}`)
  const [method, pattern] = route
  const rest = new Map(Object.entries(input).filter(([, value]) => value !== undefined))
  const path = pattern.replaceAll(/:(\w+)/g, (_all, word: string) => {
    const value = String(rest.get(word))
    rest.delete(word)
    return encodeURIComponent(value)
  })
  if (method === 'POST') return { method, path, body: Object.fromEntries(rest) }
  const query = new URLSearchParams([...rest].map(([word, value]) => [word, String(value)]))
  return { method, path: query.size === 0 ? path : `${path}?${query.toString()}` }
}
