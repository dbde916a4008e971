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

/** A directory that is an agent's as long as nobody knows whether its run begins. */
export interface Claim {
  /** The run has begun: from now on the directory is the agent's, across restarts. @throws FileError */
  keep(): void
  /** It never will: the book is as if nobody had asked. */
  drop(): void
}

interface Place {
  readonly agent: string
  readonly path: string
}

/** Which directory belongs to which agent, across restarts: what one agent works in, no other may be granted. */
export class WorkspaceBook {
  readonly #path: string
  readonly #changed: (list: readonly Place[]) => void
  readonly #claims = new Set<Place>()
  #known: readonly Known[]

  /** @throws FileError, Error when the file is unsafe or malformed: an unknown owner must not become nobody */
  constructor(stateDirectory: string, changed: (list: readonly Place[]) => void) {
    this.#path = join(stateDirectory, 'workspaces.json')
    this.#changed = changed
    const text = readPrivateFile(this.#path)?.toString()
    this.#known = text === undefined ? [] : Shape.parse(JSON.parse(text)).workspaces
    changed(this.#known)
  }

  /**
   * Lets `agent` work in `path`, which is resolved and absolute, for a run that may yet be refused.
   *
   * @throws whatever `changed` throws for a path it cannot take; then nothing was noted
   */
  claim(agent: string, path: string, now: () => number): Claim {
    const claim = { agent, path }
    const isNew = !this.#isListed(claim)
    this.#claims.add(claim)
    try {
      if (isNew) this.#changed(this.#listed())
    } catch (error) {
      this.#claims.delete(claim) // or this path would be refused for everybody, for ever
      throw error
    }
    return {
      keep: () => this.#keep(claim, now()),
      drop: () => {
        if (this.#claims.delete(claim) && !this.#isListed(claim)) this.#changed(this.#listed())
      },
    }
  }

  #keep(claim: Place, now: number): void {
    const rest = this.#known.filter((each) => !isSame(each, claim))
    const known = [{ ...claim, usedAt: new Date(now).toISOString() }, ...rest].slice(0, MOST)
    writeFileAtomic(this.#path, `${JSON.stringify({ version: 1, workspaces: known }, undefined, 2)}\n`)
    this.#known = known
    this.#claims.delete(claim)
    if (rest.length >= MOST) this.#changed(this.#listed())
  }

  #isListed(place: Place): boolean {
    return (
      this.#known.some((each) => isSame(each, place)) || [...this.#claims].some((each) => isSame(each, place))
    )
  }

  #listed(): readonly Place[] {
    const claimed = [...this.#claims].filter(
      (claim, i, all) => all.findIndex((each) => isSame(each, claim)) === i,
    )
    return [...claimed.filter((claim) => !this.#known.some((each) => isSame(each, claim))), ...this.#known]
  }

  list(): readonly Known[] {
    return this.#known
  }
}

function isSame(one: Place, other: Place): boolean {
  return one.agent === other.agent && one.path === other.path
}
