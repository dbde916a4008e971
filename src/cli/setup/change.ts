import { isDeepStrictEqual } from 'node:util'
import { unreadable } from './errors.ts'
import { isOurs, type HarnessName, type HookEntry } from './harness.ts'
import { isThere, settingsIn, withItem, withMember, withoutEmpty, withoutItems } from './splice.ts'

/** What a settings file becomes. */
export interface Change {
  readonly text: string
  /** Lists and objects that were made for it, the outermost first. */
  readonly made: readonly (readonly string[])[]
}

/** @throws SetupError `SETUP_UNREADABLE` for what is not an object of settings */
export function checkSettings(text: string, path: string): void {
  if (text.trim() === '') return
  try {
    const settings = settingsIn(text)
    if (typeof settings !== 'object' || settings === null || Array.isArray(settings))
      throw new Error('it is not an object of settings')
  } catch (cause) {
    throw unreadable(path, cause)
  }
}

/**
 * The settings with our hooks in them, and nothing else touched: what is taken out again must be what was there.
 *
 * @throws SetupError `SETUP_UNREADABLE`
 */
export function withHooks(
  before: string,
  harness: HarnessName,
  entries: readonly HookEntry[],
  path: string,
): Change {
  const base = before.trim() === '' ? '{}\n' : before
  try {
    const paths = [['hooks'], ...entries.map(({ event }) => ['hooks', event])]
    const made = paths.filter((keys) => !isThere(base, keys))
    const start = harness === 'cursor' ? withMember(base, 'version', 1) : base
    const text = entries.reduce((each, { event, value }) => withItem(each, ['hooks', event], value), start)
    const back = settingsIn(withoutHooks(text, made))
    if (!isDeepStrictEqual(back, settingsIn(start))) throw new Error('the change could not be taken back')
    return { text, made }
  } catch (cause) {
    throw unreadable(path, cause)
  }
}

/** The settings without any hook of ours, and without what was made for them if nothing else is in it. */
export function withoutHooks(text: string, made: readonly (readonly string[])[]): string {
  const hooks = (settingsIn(text) as { hooks?: object } | null)?.hooks ?? {}
  const bare = Object.keys(hooks).reduce((each, event) => withoutItems(each, ['hooks', event], isOurs), text)
  return made.toReversed().reduce((each, keys) => withoutEmpty(each, keys), bare)
}

/** Whether exactly these hooks of ours are there, once each. */
export function hasHooks(text: string, entries: readonly HookEntry[]): boolean {
  return missingHooks(text, entries).length === 0 && ourHooks(text).length === entries.length
}

/** Events at which our hook is not called as it should be. */
export function missingHooks(text: string, entries: readonly HookEntry[]): readonly string[] {
  const found = ourHooks(text)
  return entries
    .filter(
      ({ event, value }) =>
        !found.some((each) => each.event === event && isDeepStrictEqual(each.value, value)),
    )
    .map(({ event }) => event)
}

export function ourHooks(text: string): readonly { readonly event: string; readonly value: unknown }[] {
  const { hooks } = settingsIn(text.trim() === '' ? '{}' : text) as { hooks?: Record<string, unknown> }
  return Object.entries(hooks ?? {}).flatMap(([event, list]) =>
    (Array.isArray(list) ? (list as unknown[]) : []).filter(isOurs).map((value) => ({ event, value })),
  )
}

/** What changes, line by line: the two texts share their beginning and end, so what differs stands in the middle. */
export function diffLines(before: string, after: string): string[] {
  const [old, now] = [before.split('\n'), after.split('\n')]
  let head = 0
  while (head < old.length && head < now.length && old[head] === now[head]) head += 1
  let tail = 0
  while (tail < Math.min(old.length, now.length) - head && old.at(-1 - tail) === now.at(-1 - tail)) tail += 1
  return [
    ...old.slice(Math.max(0, head - 2), head).map((line) => `  ${line}`),
    ...old.slice(head, old.length - tail).map((line) => `- ${line}`),
    ...now.slice(head, now.length - tail).map((line) => `+ ${line}`),
    ...old.slice(old.length - tail, old.length - tail + 2).map((line) => `  ${line}`),
  ]
}
