import type { Principal } from '../../core/principal.ts'
import type { Clause, Operation } from './clause.ts'
import { compileExclusions, EVERY_OPERATION, type Exclusions, type ProtectedPlaces } from './exclusion.ts'
import type { Pattern } from './pattern.ts'
import { hashName, Scan } from './scan.ts'
import { Workspaces, type Workspace } from './workspace.ts'

const FIRSTS = 8192

/** What stands before every rule: the exclusions, and the workspaces of others. */
export class Barrier {
  readonly exclusions: Exclusions
  workspaces = new Workspaces([])
  /** Which last bits the hash of a first name has where a pattern without a dotted name begins: all others need no look. */
  readonly #firsts = new Uint8Array(FIRSTS)
  readonly #lowered = new Scan()
  readonly #found: Clause[] = []

  /** @throws PolicyError `PATTERN_INVALID` */
  constructor(places: ProtectedPlaces) {
    this.exclusions = compileExclusions(places)
    for (const { pattern } of this.exclusions.list) {
      for (const hash of firstNames(pattern)) this.#firsts[hash & (FIRSTS - 1)] = 1
    }
  }

  /** @throws PolicyError `PATTERN_INVALID`; then the ones before stay */
  setWorkspaces(list: readonly Workspace[]): void {
    this.workspaces = new Workspaces(list)
  }

  /** What keeps `who` from the scanned path, whatever is granted. */
  against(who: Principal, scan: Scan, operation: Operation): Clause | undefined {
    const isOwner = who.role === 'owner'
    const direct = this.#excluded(scan, operation, isOwner)
    if (direct !== undefined) return direct
    if (scan.hasCapital) {
      // /etc/SHADOW is the same file where the file system does not tell cases apart
      this.#lowered.read('path', scan.text.toLowerCase(), false)
      const folded = this.#excluded(this.#lowered, operation, isOwner)
      if (folded !== undefined) return folded
    }
    if (isOwner || this.workspaces.size === 0) return undefined
    const agent = who.role === 'agent' ? who.id : ''
    return this.workspaces.against(agent, scan, operation.verb === 'delete')
  }

  #excluded(scan: Scan, { verb }: Operation, isOwner: boolean): Clause | undefined {
    const { plain, dotted, above } = this.exclusions
    const found = this.#found
    let count = 0
    if (this.#firsts[scan.names[0]! & (FIRSTS - 1)] === 1) count = plain.find(scan, found, 0, EVERY_OPERATION)
    if (scan.isDotted) count = dotted.find(scan, found, count, EVERY_OPERATION)
    if (verb === 'delete') count = above.find(scan, found, count, EVERY_OPERATION)
    for (let i = 0; i < count; i++) {
      if (!isOwner || found[i]!.forOwner) return found[i]
    }
    return undefined
  }
}

function firstNames({ parts: [first] }: Pattern): number[] {
  return first?.is === 'name' ? [first.hash, hashName(first.text.toLowerCase())] : []
}
