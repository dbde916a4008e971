import { digestOf, type Json } from '../../core/canonical.ts'
import type { HookCall } from './call.ts'

type Told = 'allowed' | 'refused'

const MOST = 4000

/**
 * What a session was told about its latest calls, so that a call that ran can be held against the answer it got. Lives
 * as long as the daemon: a session taken over from one before is known by {@link Session.isTakenOver}.
 */
export class ToldBook {
  readonly #told = new Map<string, Told>()

  tell(call: HookCall, told: Told): void {
    const [what, use] = keysOf(call)
    // of a call without an id of its own the latest answer counts: the same may have been refused an hour ago; Cursor
    // gives one at some of its events and none at others
    if (use === undefined || call.harness === 'cursor') this.#note(what, told)
    // asked twice about one use (two events of one harness), the refusal counts
    if (use !== undefined) this.#note(use, this.#told.get(use) === 'refused' ? 'refused' : told)
  }

  #note(key: string, told: Told): void {
    this.#told.delete(key)
    this.#told.set(key, told)
    const [oldest] = this.#told.keys()
    if (this.#told.size > MOST && oldest !== undefined) this.#told.delete(oldest)
  }

  /** Undefined when nobody asked: the call ran without its hook. */
  of(call: HookCall): Told | undefined {
    const [what, use] = keysOf(call)
    return (use === undefined ? undefined : this.#told.get(use)) ?? this.#told.get(what)
  }

  forget(session: string): void {
    for (const key of this.#told.keys()) if (key.startsWith(`${session}\n`)) this.#told.delete(key)
  }
}

/** What is to be done, and the harness's own id of doing it, where it has one. */
function keysOf({
  session,
  toolUse,
  tool,
  input,
}: HookCall): readonly [what: string, use: string | undefined] {
  const { command, file_path: file, tool_name: name, tool_input: given } = input
  const what = command ?? file ?? (name === undefined ? input : [name, given])
  const use = toolUse === '' ? undefined : `${session}\n${toolUse}`
  return [`${session}\n${tool} ${digestOf((what ?? null) as Json)}`, use]
}
