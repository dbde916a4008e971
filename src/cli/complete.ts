import type { Client } from '../client/connect.ts'
import { EXIT } from './exit.ts'
import type { Sink } from './out.ts'

/** What the completion scripts may ask about: where the daemon lists it, and which member names it. */
const LISTS: Readonly<
  Record<string, { readonly path: string; readonly list: string; readonly name: string }>
> = {
  agent: { path: '/v1/runs', list: 'runs', name: 'agent' },
  profile: { path: '/v1/sandbox/profiles', list: 'profiles', name: 'name' },
}

/** Names only: the words go to a shell, which must find nothing in them to expand. */
const WORD = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/

/**
 * Answers `warder __complete KIND`, which a shell runs while somebody types: one word per line. Says nothing when it
 * cannot, for there is no place to say it; never starts a daemon.
 */
export async function complete(
  kind: string | undefined,
  open: () => Promise<Client>,
  stdout: Sink,
): Promise<number> {
  const shape = kind !== undefined && Object.hasOwn(LISTS, kind) ? LISTS[kind] : undefined
  if (shape === undefined) return EXIT.ok
  try {
    const client = await open()
    const { json } = await client.request({ path: shape.path, signal: AbortSignal.timeout(1000) })
    client.close()
    for (const word of new Set(namesIn(json, shape.list, shape.name))) stdout.write(`${word}\n`)
  } catch {
    // no daemon, no suggestions
  }
  return EXIT.ok
}

function namesIn(json: unknown, list: string, name: string): string[] {
  const items = isRecord(json) ? json[list] : undefined
  if (!Array.isArray(items)) return []
  return items
    .map((item: unknown) => (isRecord(item) ? item[name] : undefined))
    .filter((word): word is string => typeof word === 'string' && WORD.test(word))
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
