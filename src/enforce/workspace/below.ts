import { Directory, invalidPath, isComponent } from './directory.ts'

/** Runs `use` with the directory, when there is one, and closes it. */
export function withDirectory<T>(
  directory: Directory | undefined,
  use: (open: Directory) => T,
): T | undefined {
  if (directory === undefined) return undefined
  try {
    return use(directory)
  } finally {
    directory.close()
  }
}

/**
 * Opens the directory that holds `path`, component by component from `root`.
 *
 * @returns undefined when one on the way is missing, a link, or no directory
 */
export function parentOf(root: Directory, path: string): { parent: Directory; name: string } | undefined {
  const components = path.split('/')
  const name = components.pop() ?? ''
  if (!isComponent(name)) throw invalidPath(path)
  let parent = root.again()
  for (const component of components) {
    const next = isComponent(component) ? parent.child(component) : undefined
    parent.close()
    if (next === undefined) return undefined
    parent = next
  }
  return { parent, name }
}

/** What {@link parentOf} finds, handed to `use` and closed again; undefined when it is not there. */
export function inParent<T>(
  root: Directory,
  path: string,
  use: (parent: Directory, name: string) => T,
): T | undefined {
  const found = parentOf(root, path)
  return found === undefined ? undefined : withDirectory(found.parent, (parent) => use(parent, found.name))
}
