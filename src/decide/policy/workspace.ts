import { sha256 } from '../../core/canonical.ts'
import { clauseOf, type Clause } from './clause.ts'
import { PolicyError } from './error.ts'
import { compilePattern, type Pattern } from './pattern.ts'
import { PatternIndex } from './pattern-index.ts'
import { isPlainPath } from './variables.ts'
import type { Scan } from './scan.ts'

/** A directory that belongs to one agent. */
export interface Workspace {
  readonly agent: string
  /** Absolute and resolved. */
  readonly path: string
}

interface Place {
  readonly agent: string
  readonly depth: number
  readonly pattern: Pattern
  readonly clause: Clause
}

/** Which directories belong to which agent; immutable, replaced as a whole. */
export class Workspaces {
  readonly #byAgent = new Map<string, string[]>()
  readonly #inside = new PatternIndex<Place>()
  readonly #above = new PatternIndex<Place>()
  readonly #found: Place[] = []
  readonly #all: Place[] = []

  /** @throws PolicyError `PATTERN_INVALID` for a path that is not absolute and plain */
  constructor(list: readonly Workspace[]) {
    for (const { agent, path } of list) {
      if (!isPlainPath(path) || path === '/') {
        throw new PolicyError('PATTERN_INVALID', {
          what: `${JSON.stringify(path)} cannot be the workspace of ${agent}`,
          fix: 'use an absolute path other than /, without stars, backslashes, . or .. components',
        })
      }
      this.#byAgent.set(agent, [...(this.#byAgent.get(agent) ?? []), path])
      this.#add(agent, path)
    }
  }

  #add(agent: string, path: string): void {
    const pattern = pathPattern(`${path}/**`)
    const clause = clauseOf({
      source: 'exclusion',
      effect: 'deny',
      rule: 'exclusion.other-workspace',
      reason: `it is in the workspace of ${agent}`,
      capability: `fs:*:${path}/**`,
      order: 0,
    })
    const place = { agent, depth: pattern.fixed, pattern, clause }
    this.#all.push(place)
    this.#inside.add(pattern, place)
    const components = path.split('/')
    for (let i = 1; i < components.length; i++) {
      const above = pathPattern(components.slice(0, i).join('/') || '/')
      const reason = `it holds the workspace of ${agent}`
      this.#above.add(above, { agent, depth: i, pattern, clause: clauseOf({ ...clause, reason }) })
    }
  }

  of(agent: string): readonly string[] {
    return this.#byAgent.get(agent) ?? []
  }

  /** What keeps `agent` out of the scanned path: the innermost workspace around it is another's. */
  against(agent: string, scan: Scan, isDelete: boolean): Clause | undefined {
    let count = this.#inside.find(scan, this.#found, 0)
    let depth = -1
    let clause: Clause | undefined
    for (let i = 0; i < count; i++) {
      const place = this.#found[i]!
      // two agents may share one directory; being among its owners is enough
      if (place.depth < depth || (place.depth === depth && clause === undefined)) continue
      depth = place.depth
      clause = place.agent === agent ? undefined : place.clause
    }
    if (clause !== undefined || !isDelete) return clause
    count = this.#above.find(scan, this.#found, 0)
    return this.#found.slice(0, count).find((place) => place.agent !== agent)?.clause
  }

  /** What `against` would refuse to `agent`, as patterns. */
  othersThan(agent: string): readonly { readonly pattern: Pattern; readonly clause: Clause }[] {
    const own = new Set(this.of(agent))
    return this.#all.filter((place) => place.agent !== agent && !own.has(place.pattern.head))
  }

  /** SHA-256 hex of the list, in any order. */
  digest(): string {
    return sha256(
      this.#all
        .map(({ agent, pattern }) => `${agent}\n${pattern.head}`)
        .toSorted()
        .join('\n'),
    )
  }

  get size(): number {
    return this.#all.length
  }
}

function pathPattern(text: string): Pattern {
  return compilePattern({ namespace: 'fs', verb: '*', pattern: text })
}
