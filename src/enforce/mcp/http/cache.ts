import { sha256 } from '../../../core/canonical.ts'
import { isMembers, type Members } from '../frame.ts'
import { replaced, type Edit } from './splice.ts'

/** The methods whose answers may be kept by who got them (SEP-2549), and the notice that ends it. */
export const CACHEABLE: Readonly<Record<string, string | undefined>> = {
  'tools/list': 'notifications/tools/list_changed',
  'prompts/list': 'notifications/prompts/list_changed',
  'resources/list': 'notifications/resources/list_changed',
  'resources/templates/list': 'notifications/resources/list_changed',
  'resources/read': undefined,
  'server/discover': undefined,
}

export interface Listed {
  readonly caller: string
  readonly server: string
  readonly method: string
  readonly params: Members
}

export interface Narrowed {
  readonly edits: readonly Edit[]
  /** The notice for who else keeps an older answer; absent: it says the same as before, or for the first time. */
  readonly notice?: string
}

const MOST_KEPT = 2000

/**
 * How long an answer may be kept, and by whom: never by anybody between (what one caller may see is not what another may),
 * never longer than the owner allows, and not at all when it says another thing than before, for then nobody knows yet what
 * holds. Only digests are held here, no answers.
 */
export class ListCache {
  readonly #mostMs: number
  /** What was answered last; the oldest is first. */
  readonly #answered = new Map<string, string>()

  constructor(mostMs: number) {
    this.#mostMs = mostMs
  }

  narrow(listed: Listed, text: string, result: Members): Narrowed {
    if (!Object.hasOwn(CACHEABLE, listed.method)) return { edits: [] }
    const isOther = this.#isOther(listed, result)
    const given = result['ttlMs']
    const isTime = typeof given === 'number' && Number.isSafeInteger(given) && given >= 0
    const ttlMs = isOther || !isTime ? 0 : Math.min(given, this.#mostMs)
    const edits = [
      ...(given === ttlMs ? [] : replaced(text, ttlMs, 'result', 'ttlMs')),
      ...(result['cacheScope'] === 'private' ? [] : replaced(text, 'private', 'result', 'cacheScope')),
    ]
    const notice = isOther ? CACHEABLE[listed.method] : undefined
    return { edits, ...(notice === undefined ? {} : { notice }) }
  }

  /** A definition changed: what was answered before counts no more. */
  changed(server: string): void {
    for (const key of this.#answered.keys()) if (JSON.parse(key)[1] === server) this.#answered.set(key, '')
  }

  #isOther({ caller, server, method, params }: Listed, result: Members): boolean {
    const key = JSON.stringify([caller, server, method, params['cursor'] ?? null, params['uri'] ?? null])
    const digest = sha256(JSON.stringify(contentOf(result)))
    const before = this.#answered.get(key)
    this.#answered.delete(key)
    this.#answered.set(key, digest)
    for (const oldest of this.#answered.keys()) {
      if (this.#answered.size <= MOST_KEPT) break
      this.#answered.delete(oldest)
    }
    return before !== undefined && before !== digest
  }
}

function contentOf(result: Members): unknown {
  const { ttlMs: _time, cacheScope: _scope, _meta: _said, ...content } = isMembers(result) ? result : {}
  return content
}
