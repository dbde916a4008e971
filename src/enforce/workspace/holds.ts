import { WorkspaceError } from './errors.ts'

/**
 * Which agent writes in which workspace right now. Two runs never write to one place, and nothing is taken from a place
 * while a run writes there. Kept in memory: no run outlives the daemon that holds it.
 */
export class Holds {
  readonly #held = new Set<string>()

  /** @returns what ends the hold; @throws WorkspaceError `CHANGES_IN_USE` */
  take(agent: string, workspace: string): () => void {
    const key = keyOf(agent, workspace)
    if (this.#held.has(key)) {
      throw new WorkspaceError(
        'CHANGES_IN_USE',
        `a run of ${agent} in ${workspace} still writes to what it changes`,
        `wait until it ends, or: warder stop ${agent}`,
      )
    }
    this.#held.add(key)
    return () => void this.#held.delete(key)
  }

  isHeld(agent: string, workspace: string): boolean {
    return this.#held.has(keyOf(agent, workspace))
  }
}

function keyOf(agent: string, workspace: string): string {
  return `${agent}\n${workspace}`
}
