import { hash } from 'node:crypto'
import type { Action, Finding } from '../core/action.ts'
import type { RiskLevel } from '../core/risk.ts'
import type { Deed } from '../enforce/session/index.ts'
import { commandDeeds, type CommandReader } from './hook-command.ts'
import { meanings } from './hook-paths.ts'
import { plantedAt } from './hook-planted.ts'
import type { ReadScript } from './script-text.ts'

/** What policy is asked about one deed. A `name` only matters where an exclusion or a rule speaks of what it names. */
export interface HookAction {
  readonly action: Pick<Action, 'namespace' | 'verb' | 'resource' | 'risk' | 'findings'>
  readonly isName: boolean
}

export interface HookPlace {
  readonly cwd: string
  readonly workspace: string
  readonly home: string
  readonly path: string
  readonly readScript: ReadScript
  /** Filled with what was read to judge: SHA-256 by path, '' for what could not be read. */
  readonly scripts: Map<string, string>
}

const RISK_OF_FILE: Readonly<Record<'read' | 'write' | 'list' | 'delete', RiskLevel>> = {
  read: 'low',
  list: 'low',
  write: 'medium',
  delete: 'high',
}

/** @throws when it cannot be known on what a deed acts */
export function actionsOf(deed: Deed, place: HookPlace, reader: CommandReader): readonly HookAction[] {
  switch (deed.kind) {
    case 'tool':
      return [asking('tool', 'call', deed.name, 'medium')]
    case 'connect':
      return [asking('net', 'connect', endpointOf(deed.url), 'medium')]
    case 'file':
      return meanings(deed.path, place.cwd, place.home).map((path) => onFile(deed.verb, path, place))
    default:
      return ofCommand(deed.text, place, reader)
  }
}

function ofCommand(text: string, place: HookPlace, reader: CommandReader): readonly HookAction[] {
  const read = (path: string): string | undefined => {
    const script = place.readScript(path)
    place.scripts.set(path, script === undefined ? '' : hash('sha256', script))
    return script
  }
  const deeds = commandDeeds(text, { ...place, readScript: read }, reader)
  const { risk, findings, spawns, files, names, changes } = deeds
  return [
    ...spawns.map((program) => asking('process', 'spawn', program, risk, findings)),
    ...files.map(({ verb, path }) => onFile(verb, path, place)),
    // naming a file is not yet an act, and what is named may be no file; but what is said of it in as many words counts
    ...names.map((path) => ({ ...asking('fs', 'read', path, 'low'), isName: true })),
    ...changes.map(({ verb, path }) => ({ ...asking('fs', verb, path, RISK_OF_FILE[verb]), isName: true })),
  ]
}

function onFile(verb: keyof typeof RISK_OF_FILE, path: string, { workspace }: HookPlace): HookAction {
  const planted = verb === 'write' ? plantedAt(path, workspace) : undefined
  if (planted === undefined) return asking('fs', verb, path, RISK_OF_FILE[verb])
  return asking('fs', verb, path, planted.risk, [planted])
}

function asking(
  namespace: string,
  verb: string,
  resource: string,
  risk: RiskLevel,
  findings: readonly Finding[] = [],
): HookAction {
  return { action: { namespace, verb, resource, risk, findings }, isName: false }
}

const PORTS: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443', 'ws:': '80', 'wss:': '443' }

/** `host:port` of a URL; a scheme without a port of its own is no endpoint policy knows, and refused by it. */
function endpointOf(url: string): string {
  const parsed = URL.parse(url)
  if (parsed === null) return url.slice(0, 200)
  return `${parsed.hostname}:${parsed.port || (PORTS[parsed.protocol] ?? parsed.protocol)}`
}
