import type { GateAnswer, GateQuestion } from '../enforce/mcp/index.ts'

/** MCP servers, and tools of them, that an incident has taken out of use, for every agent. */
export class WithheldTools {
  readonly #incidents = new Map<string, Set<string>>()
  readonly #changed: () => void

  /** @param changed answers that were given for a session must be forgotten */
  constructor(changed: () => void) {
    this.#changed = changed
  }

  add(server: string, tool: string, incident: string): void {
    this.#hold(keyOf(server, tool), incident)
  }

  /** Every tool of the server, and all else it could be asked for. */
  addServer(server: string, incident: string): void {
    this.#hold(keyOf(server), incident)
  }

  #hold(key: string, incident: string): void {
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

  /** The incidents that say so of a tool, or of a server as a whole; undefined: none does. */
  why(server: string, tool?: string): string | undefined {
    const incidents = this.#incidents.get(keyOf(server, tool))
    return incidents === undefined ? undefined : [...incidents].join(' ')
  }

  answer(server: string, { kind, name }: Pick<GateQuestion, 'kind' | 'name'>): GateAnswer | undefined {
    const whole = this.why(server)
    const why = whole ?? (kind === 'tool' ? this.why(server, name) : undefined)
    if (why === undefined) return undefined
    return {
      ...{ effect: 'deny', layer: 'containment', rule: 'containment.quarantine', decision: '' },
      reason: `${whole === undefined ? `${server}/${name}` : `the MCP server ${server}`} is in quarantine: ${why}`,
      fix: `see what happened: warder incident show ${why.split(' ')[0] ?? ''}`,
    }
  }
}

function keyOf(server: string, tool?: string): string {
  return JSON.stringify(tool === undefined ? [server] : [server, tool])
}
