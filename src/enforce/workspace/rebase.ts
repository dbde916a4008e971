import type { ExtendedAttributes } from '../../platform/extended-attributes.ts'
import { breaths, MOST_LEVELS, type Base } from './base.ts'
import type { Directory } from './directory.ts'
import { marksOf } from './overlay.ts'

/**
 * The base for an agent that goes on: what it did not touch so far it sees as it is now, so that is where a change of
 * it would begin. What it did touch keeps the stamp it had then.
 */
export async function rebased(
  base: Base,
  fresh: Base,
  upper: Directory,
  attributes: ExtendedAttributes,
): Promise<Base> {
  const touched = new Set<string>()
  await collect(upper, '', 0, { touched, attributes, pause: breaths() })
  const isTouched = (path: string): boolean => {
    for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1))
      if (touched.has(path.slice(0, end))) return true
    return touched.has('')
  }
  const kept = [...base].filter(([path]) => isTouched(path))
  return new Map([...[...fresh].filter(([path]) => !isTouched(path)), ...kept])
}

interface Collecting {
  readonly touched: Set<string>
  readonly attributes: ExtendedAttributes
  readonly pause: () => Promise<void> | undefined
}

/** Files, links and removals by their path; an opaque directory by its own, because it hides all below. */
async function collect(directory: Directory, path: string, level: number, to: Collecting): Promise<void> {
  const marks = marksOf(to.attributes, directory.fd)
  if (marks.isOpaque || marks.notUnderstood.length > 0 || level >= MOST_LEVELS)
    return void to.touched.add(path)
  for (const name of directory.names()) {
    await to.pause()
    const seen = name === undefined ? undefined : directory.look(name)
    if (name === undefined || seen === undefined) continue
    const inner = path === '' ? name : `${path}/${name}`
    const child = seen.kind === 'directory' ? readable(directory, name) : undefined
    if (child === undefined) to.touched.add(inner)
    else {
      try {
        await collect(child, inner, level + 1, to)
      } finally {
        child.close()
      }
    }
  }
}

/** One the agent shut counts as touched. */
function readable(directory: Directory, name: string): Directory | undefined {
  try {
    return directory.child(name)
  } catch {
    return undefined
  }
}
