import type { GateAnswer, GateQuestion } from '../enforce/mcp/index.ts'

/** Tools of MCP servers that an incident has taken out of use, for every agent. */
export class WithheldTools {
  readonly #incidents = new Map<string, Set<string>>()
  readonly #changed: () => void

  /** @param changed answers that were given for a session must be forgotten */
  constructor(changed: () => void) {
    this.#changed = changed
  }

  add(server: string, tool: string, incident: string): void {
    const key = keyOf(server, tool)
    this.#incidents.set(key, (this.#incidents.get(key) ?? new Set()).add(incident))
    this.#changed()
  }

  /** Gives back what this incident has taken out of use, and no other has. */
  release(incident: string): void {
    for (const [key, incidents] of this.#incidents) {
      incidents.delete(incident)
      if (incidents.size === 0) this.#incidents.delete(key)
    }
  }

  /** The incidents that say so; undefined: none does. */
  why(server: string, tool: string): string | undefined {
    const incidents = this.#incidents.get(keyOf(server, tool))
    return incidents === undefined ? undefined : [...incidents].join(' ')
  }

  answer(server: string, { kind, name }: Pick<GateQuestion, 'kind' | 'name'>): GateAnswer | undefined {
    const why = kind === 'tool' ? this.why(server, name) : undefined
    if (why === undefined) return undefined
    return {
      ...{ effect: 'deny', layer: 'containment', rule: 'containment.quarantine', decision: '' },
      reason: `${server}/${name} is in quarantine: ${why}`,
      fix: `see what happened: warder incident show ${why.split(' ')[0] ?? ''}`,
    }
  }
}

function keyOf(server: string, tool: string): string {
  return JSON.stringify([server, tool])
}
