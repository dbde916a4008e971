import { SandboxError } from './errors.ts'
import { recycleAsWritten } from './worker-profile.ts'
import { FIXABLE, profileSchema, type Profile, type ProfileInput } from './profile.ts'

/** Changes to a profile for one run; whole fields, as in a profile file. */
export type Override = { readonly [F in (typeof FIXABLE)[number]]?: ProfileInput[F] }

/**
 * A profile with some fields exchanged for one run. What the profile fixes stays; the rest may become narrower, and
 * wider only when the owner has approved it.
 *
 * @throws SandboxError `SANDBOX_PROFILE_FIXED`, `SANDBOX_PROFILE_INVALID`
 */
export function overrideProfile(profile: Profile, changes: Override, approvedByOwner = false): Profile {
  const parsed = parseChanges(profile, changes)
  for (const field of FIXABLE) {
    if (changes[field] === undefined) continue
    if (
      profile.immutable.includes(field) &&
      JSON.stringify(parsed[field]) !== JSON.stringify(profile[field])
    ) {
      throw new SandboxError(
        'SANDBOX_PROFILE_FIXED',
        `profile ${profile.name} fixes ${field}`,
        `use another profile, or leave ${field} as it is`,
        { where: field },
      )
    }
    const wider = whatIsWider(field, profile, parsed)
    if (wider !== undefined && !approvedByOwner) {
      throw new SandboxError(
        'SANDBOX_PROFILE_FIXED',
        `${wider} would be wider than profile ${profile.name} allows`,
        'ask the owner to approve it, or stay within the profile',
        { where: wider },
      )
    }
  }
  return parsed
}

function parseChanges(profile: Profile, changes: Override): Profile {
  const unknown = Object.keys(changes).find((name) => !(FIXABLE as readonly string[]).includes(name))
  const merged = Object.fromEntries(
    FIXABLE.map((field) => [field, changes[field] ?? asWritten(profile)[field]]),
  )
  const result = profileSchema.safeParse({ ...asWritten(profile), ...merged })
  if (unknown === undefined && result.success) return result.data
  const issue = result.error?.issues[0]
  throw new SandboxError(
    'SANDBOX_PROFILE_INVALID',
    unknown === undefined ? (issue?.message ?? 'invalid') : `${unknown} cannot be overridden`,
    `give one of: ${FIXABLE.join(', ')}`,
    { where: unknown ?? issue?.path.join('.') ?? '' },
  )
}

/** A parsed profile in the words of a file again: sizes carry their unit. */
function asWritten(profile: Profile): ProfileInput {
  const { recycle, outbox, ...rest } = profile
  const { shared_memory, ...filesystem } = profile.filesystem
  const { max_output, max_locked, ...process } = profile.process
  const bytes = (value: number) => `${value}B`
  return {
    ...rest,
    filesystem: {
      ...filesystem,
      temporary_size: bytes(filesystem.temporary_size),
      ...(shared_memory === undefined ? {} : { shared_memory: bytes(shared_memory) }),
    },
    ...(recycle === undefined ? {} : { recycle: recycleAsWritten(recycle) }),
    ...(outbox === undefined ? {} : { outbox: { ...outbox, max_size: bytes(outbox.max_size) } }),
    process: {
      ...process,
      max_memory: bytes(process.max_memory),
      max_file: bytes(process.max_file),
      ...(max_output === undefined ? {} : { max_output: bytes(max_output) }),
      ...(max_locked === undefined ? {} : { max_locked: bytes(max_locked) }),
    },
  }
}

const WORKSPACE_WIDTH = { none: 0, temporary: 0, 'read-only': 1, 'read-write': 2 } as const
const ENVIRONMENT_WIDTH = { none: 0, restricted: 1, full: 2 } as const

/** The first thing in a field that gives more than before, as its path; undefined when nothing does. */
function whatIsWider(field: (typeof FIXABLE)[number], from: Profile, to: Profile): string | undefined {
  const more = (name: string, isMore: boolean) => (isMore ? [`${field}.${name}`] : [])
  switch (field) {
    case 'filesystem': {
      const [a, b] = [from.filesystem, to.filesystem]
      const readable = [...a.read_only, ...a.read_write]
      return [
        ...more('workspace', WORKSPACE_WIDTH[b.workspace] > WORKSPACE_WIDTH[a.workspace]),
        ...more(
          'read_only',
          b.read_only.some((path) => !readable.includes(path)),
        ),
        ...more(
          'read_write',
          b.read_write.some((path) => !a.read_write.includes(path)),
        ),
        ...more('temporary_size', b.temporary_size > a.temporary_size),
        ...more('shared_memory', (b.shared_memory ?? 0) > (a.shared_memory ?? 0)),
      ][0]
    }
    case 'network':
      return [
        // which of the two wide ones is wider, policy decides and may change
        ...more('mode', to.network.mode !== 'none' && to.network.mode !== from.network.mode),
        ...more(
          'domains',
          to.network.domains.some((name) => !from.network.domains.includes(name)),
        ),
      ][0]
    case 'process':
      return processWider(from.process, to.process).map((name) => `process.${name}`)[0]
    case 'environment': {
      const [a, b] = [from.environment, to.environment]
      return [
        ...more('mode', ENVIRONMENT_WIDTH[b.mode] > ENVIRONMENT_WIDTH[a.mode]),
        ...more(
          'pass',
          b.pass.some((name) => !a.pass.includes(name)),
        ),
      ][0]
    }
    case 'terminal':
      return to.terminal && !from.terminal ? 'terminal' : undefined
    case 'protected':
      return from.protected.some((name) => !to.protected.includes(name)) ? 'protected' : undefined
  }
}

function processWider(from: Profile['process'], to: Profile['process']): string[] {
  const numbers = [
    'max_seconds',
    'max_memory',
    'max_processes',
    'max_open_files',
    'max_output',
    'max_file',
    'max_locked',
    'cpu_percent',
  ] as const
  const wider = numbers.filter((name) => (to[name] ?? Infinity) > (from[name] ?? Infinity))
  return [...(to.fork && !from.fork ? ['fork'] : []), ...wider]
}
