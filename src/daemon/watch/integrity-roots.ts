import { existsSync, lstatSync, readdirSync, readFileSync, realpathSync } from 'node:fs'
import { isAbsolute, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { SettingValues } from '../../platform/settings.ts'
import type { Category, Root } from '../../watch/integrity/index.ts'

export interface RootsOptions {
  readonly values: SettingValues
  readonly home: string
  /** The program that runs us. */
  readonly runtime: string
}

const IN_SOURCES = import.meta.url.endsWith('.ts')
const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
/** Where Warder's own programs are, and the command that starts them. */
const OWN_PROGRAMS = IN_SOURCES
  ? [at('../../../dist'), at('../../../src'), at('../../../bin/warder')]
  : [at('.'), at('../bin/warder')]

/** What a baseline takes in: Warder's own things as far as they are there, and what its owner named. */
export function integrityRoots({ values, home, runtime }: RootsOptions): Root[] {
  const own = new Set(values['integrity.own'])
  const roots: Root[] = [
    ...(own.has('programs') ? programRoots(runtime) : []),
    ...named(values['integrity.programs'], 'program'),
    ...(own.has('units') ? unitRoots(values, home) : []),
    ...(own.has('trust') ? trustRoots(values) : []),
    ...(own.has('policy') ? [{ path: values['paths.config'], category: 'policy' as const, tree: true }] : []),
    ...(own.has('agent-settings') ? agentSettings(values) : []),
    ...named(values['integrity.models'], 'model'),
    ...named(values['integrity.watch'], 'watched'),
  ]
  // the first one counts, so that a folder of the owner's does not make a lesser thing of a program
  return [...new Map(roots.toReversed().map((root) => [root.path, root])).values()].toReversed()
}

function programRoots(runtime: string): Root[] {
  return [...OWN_PROGRAMS.filter((path) => existsSync(path)), runtime, ...real(runtime)].map((path) => ({
    ...{ path: trimmed(path), category: 'program' as const, tree: true },
  }))
}

function unitRoots(values: SettingValues, home: string): Root[] {
  const folder = values.system ? '/etc/systemd/system' : join(home, '.config/systemd/user')
  return ['warder.service', 'warder.service.d'].map((name) => ({
    ...{ path: join(folder, name), category: 'unit' as const, tree: true },
  }))
}

/** The files that are there, and not the folder: Warder itself makes a key when one is first needed. */
function trustRoots(values: SettingValues): Root[] {
  const folder = values['paths.keys']
  const files = readdirSync(folder)
    .filter((name) => !name.endsWith('.tmp') && lstatSync(join(folder, name)).isFile())
    .map((name) => join(folder, name))
  const authorities = values['egress.roots']
  return [...files, ...(authorities === undefined ? [] : [authorities])].map((path) => ({
    ...{ path, category: 'trust' as const, tree: false },
  }))
}

/** Settings of coding agents that `warder setup` wrote hooks or servers into, as its notes name them. */
function agentSettings(values: SettingValues): Root[] {
  return ['setup', 'setup-mcp'].flatMap((folder) => {
    const notes = join(values['paths.state'], folder)
    if (!existsSync(notes)) return []
    return readdirSync(notes)
      .filter((name) => name.endsWith('.json'))
      .flatMap((name): Root[] => {
        const path = pathIn(join(notes, name))
        return path === undefined ? [] : [{ path, category: 'agent-settings', tree: false }]
      })
  })
}

function pathIn(note: string): string | undefined {
  try {
    const said: unknown = JSON.parse(readFileSync(note, 'utf8'))
    const path = typeof said === 'object' && said !== null && 'path' in said ? said.path : undefined
    return typeof path === 'string' && isAbsolute(path) ? normalize(path) : undefined
  } catch {
    return undefined // setup tells of a note it cannot read
  }
}

function named(paths: readonly string[], category: Category): Root[] {
  return paths.map((path) => ({ path: trimmed(path), category, tree: true }))
}

function real(path: string): string[] {
  try {
    return [realpathSync(path)]
  } catch {
    return []
  }
}

function trimmed(path: string): string {
  const plain = normalize(path)
  return plain.length > 1 && plain.endsWith('/') ? plain.slice(0, -1) : plain
}
