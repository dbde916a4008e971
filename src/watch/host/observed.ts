import type { Seen } from './seen.ts'

/** Something that happened on the host, as rules see it: flat fields, lower case, nothing secret. */
export interface Observed {
  readonly at: number
  /** `process`, `file`, `network`, `login`. */
  readonly source: string
  readonly type: string
  readonly fields: Readonly<Record<string, string | number | boolean>>
}

type Fields = Observed['fields']

/** What of the lookout's words is an event of the host. @returns undefined for what belongs to runs */
export function observedOf(seen: Seen): Observed | undefined {
  switch (seen.kind) {
    case 'began':
    case 'program':
      return event(seen.at, 'process', 'exec', {
        ...{ pid: seen.pid, program: seen.program, parent: seen.parent },
        ...optional('parent_program', seen.parentProgram),
        ...(seen.kind === 'program' ? { from: seen.what } : {}),
      })
    case 'privilege':
      return event(seen.at, 'process', 'privilege', {
        ...{ pid: seen.pid, uid: seen.uid },
        ...optional('program', seen.program),
      })
    case 'trace':
      return event(seen.at, 'process', 'trace', {
        ...{ pid: seen.pid, tracer: seen.by },
        ...optional('program', seen.program),
        ...optional('tracer_program', seen.byProgram),
      })
    case 'setid':
    case 'place':
      return event(seen.at, 'file', seen.kind === 'setid' ? 'set-id' : 'write', {
        ...{ pid: seen.pid, path: seen.path, did: seen.did },
        ...optional('program', seen.program),
      })
    case 'scan':
      return event(seen.at, 'network', 'scan', { source_address: seen.source, ports: seen.ports })
    default:
      return undefined
  }
}

function event(at: number, source: string, type: string, fields: Fields): Observed {
  return { at, source, type, fields }
}

function optional(name: string, value: string | undefined): Fields {
  return value === undefined ? {} : { [name]: value }
}
