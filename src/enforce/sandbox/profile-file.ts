import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { isMap, LineCounter, parseDocument, visit, type Document } from 'yaml'
import { readSmallFile } from '../../platform/files.ts'
import { systemCode } from '../../core/error.ts'
import { SandboxError } from './errors.ts'
import { presets } from './presets.ts'
import { profileSchema, type Profile } from './profile.ts'

const MAX_BYTES = 64 * 1024

/**
 * Reads one profile from YAML text.
 *
 * @param file only for messages
 * @throws SandboxError `SANDBOX_PROFILE_INVALID` with `file:line:column`
 */
export function parseProfile(text: string, file: string): Profile {
  const lines = new LineCounter()
  // no aliases, so that a small file cannot become a large one; no merge keys, no tags
  const document = parseDocument(text, { lineCounter: lines, strict: true, uniqueKeys: true, schema: 'core' })
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset)
    return `${file}:${line}:${col}`
  }
  const [error] = [...document.errors, ...document.warnings]
  if (error !== undefined) throw invalid(error.message.split('\n')[0] ?? 'not YAML', at(error.pos[0]))
  const alias = firstAlias(document)
  if (alias !== undefined) throw invalid('aliases are not allowed', at(alias))
  const result = profileSchema.safeParse(document.toJS({ maxAliasCount: 0 }))
  if (result.success) return result.data
  const issue = result.error.issues[0]
  const path = (issue?.path ?? []).map((key) => (typeof key === 'number' ? key : String(key)))
  const unknown = issue?.code === 'unrecognized_keys' ? issue.keys[0] : undefined
  const where = unknown === undefined ? path : [...path, unknown]
  throw invalid(
    `${where.join('.') || 'the profile'}: ${issue?.message ?? 'invalid'}`,
    at(offsetOf(document, where)),
  )
}

function firstAlias(document: Document): number | undefined {
  let found: number | undefined
  visit(document, {
    Alias: (_, { range }) => {
      found = range?.[0] ?? 0
      return visit.BREAK
    },
  })
  return found
}

/** Where in the text a value stands, or what holds it when it is missing. */
function offsetOf(document: Document, path: readonly (string | number)[]): number {
  for (let length = path.length; length >= 0; length -= 1) {
    const parent: unknown = length === 0 ? document.contents : document.getIn(path.slice(0, length - 1), true)
    const key = isMap(parent)
      ? parent.items.find((item) => String(item.key) === String(path[length - 1]))?.key
      : undefined
    const node: unknown = key ?? (length === 0 ? parent : document.getIn(path.slice(0, length), true))
    const range = (node as { range?: readonly number[] } | undefined)?.range
    if (range?.[0] !== undefined) return range[0]
  }
  return 0
}

function invalid(what: string, where: string): SandboxError {
  return new SandboxError('SANDBOX_PROFILE_INVALID', what, 'correct the profile; its shape is in schemas/', {
    where,
  })
}

/**
 * The profiles that come with Warder and those of a directory (`*.yaml`, one each). A file that cannot be read as a
 * profile is an error: an agent must not run under a weaker one because of a slip. A file cannot take a preset's name.
 *
 * @param directory need not exist
 * @throws SandboxError `SANDBOX_PROFILE_INVALID`; FileError
 */
export function loadProfiles(directory: string | undefined): ReadonlyMap<string, Profile> {
  const all = new Map(presets())
  for (const file of directory === undefined ? [] : profileFiles(directory)) {
    const bytes = readSmallFile(file, MAX_BYTES)
    if (bytes === undefined) continue
    const profile = parseProfile(bytes.toString('utf8'), file)
    if (all.has(profile.name)) throw invalid(`there is another profile named ${profile.name}`, file)
    all.set(profile.name, profile)
  }
  return all
}

/** @throws SandboxError `SANDBOX_PROFILE_MISSING` */
export function profileNamed(profiles: ReadonlyMap<string, Profile>, name: string): Profile {
  const profile = profiles.get(name)
  if (profile !== undefined) return profile
  throw new SandboxError(
    'SANDBOX_PROFILE_MISSING',
    `there is no sandbox profile ${JSON.stringify(name)}`,
    `use one of: ${[...profiles.keys()].join(', ')}`,
  )
}

function profileFiles(directory: string): string[] {
  try {
    return readdirSync(directory)
      .filter((name) => /\.ya?ml$/.test(name) && !name.startsWith('.'))
      .sort()
      .map((name) => join(directory, name))
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return []
    throw error
  }
}
