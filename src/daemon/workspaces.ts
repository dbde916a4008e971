import { join } from 'node:path'
import { z } from 'zod'
import { readPrivateFile, writeFileAtomic } from '../platform/files.ts'

const Shape = z.strictObject({
  version: z.literal(1),
  workspaces: z.array(z.strictObject({ agent: z.string(), path: z.string(), usedAt: z.iso.datetime() })),
})
type Known = z.infer<typeof Shape>['workspaces'][number]

/** More are forgotten, the longest unused first. */
const MOST = 1000

/** Which directory belongs to which agent, across restarts: what one agent works in, no other may be granted. */
export class WorkspaceBook {
  readonly #path: string
  readonly #changed: (list: readonly { agent: string; path: string }[]) => void
  #known: readonly Known[]

  /** @throws FileError, Error when the file is unsafe or malformed: an unknown owner must not become nobody */
  constructor(stateDirectory: string, changed: (list: readonly { agent: string; path: string }[]) => void) {
    this.#path = join(stateDirectory, 'workspaces.json')
    this.#changed = changed
    const text = readPrivateFile(this.#path)?.toString()
    this.#known = text === undefined ? [] : Shape.parse(JSON.parse(text)).workspaces
    changed(this.#known)
  }

  /**
   * Notes that `agent` works in `path`, which is resolved and absolute.
   *
   * @throws whatever `changed` throws for a path it cannot take; then nothing was noted
   */
  use(agent: string, path: string, now: number): void {
    const isKnown = this.#known.some((each) => each.agent === agent && each.path === path)
    const rest = this.#known.filter((each) => each.agent !== agent || each.path !== path)
    const known = [{ agent, path, usedAt: new Date(now).toISOString() }, ...rest].slice(0, MOST)
    // asked first: a path that is refused must not stay in the book, or it would be refused for everybody, for ever
    if (!isKnown) this.#changed(known)
    this.#known = known
    writeFileAtomic(this.#path, `${JSON.stringify({ version: 1, workspaces: known }, undefined, 2)}\n`)
  }

  list(): readonly Known[] {
    return this.#known
  }
}
