import { NOTHING } from './flow.ts'
import type { Frame } from './frame.ts'
import type { Field } from './word.ts'

/** Beside the variables, where no name of the shell can reach it. */
const PLACE = ' directory'

/** The directory a command is in by now, as far as that can be told. */
export function directoryOf({
  context,
  variables,
}: Pick<Frame, 'context' | 'variables'>): string | undefined {
  return variables.values.get(PLACE)?.elements?.[0] ?? context.cwd
}

/**
 * `cd /; rm -rf *` removes everything: what follows is about that directory. Where only the shell knows it, what was
 * known stays.
 *
 * @param plain the path in its one spelling, seen from where the command is
 */
export function moveTo(
  args: readonly Field[],
  frame: Frame,
  plain: (text: string, frame: Frame) => string,
): void {
  const to = args.find(({ text }) => !/^-[LPe@n]+$|^--$/.test(text))
  if (to?.text === '-' || to?.isDynamic === true) return
  const path = plain(to === undefined ? '~' : to.text, frame)
  // a step from a place that is not known leads to no known one
  if (/^[/~]/.test(path)) frame.variables.values.set(PLACE, { elements: [path], flow: NOTHING })
}

/** What is done in a subshell begins here, and ends with it. */
export function fromHere<T>(frame: Frame, act: () => T): T {
  const { values } = frame.variables
  const before = values.get(PLACE)
  const done = act()
  if (before === undefined) values.delete(PLACE)
  else values.set(PLACE, before)
  return done
}
