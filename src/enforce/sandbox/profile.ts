import { z } from 'zod'
import { parseSizeBytes } from '../../core/quantity.ts'
import { messageOf } from '../../core/error.ts'
import { MINIMUM_LEVELS, requiredBy } from './level.ts'
import { devicesField, outboxField, recycleField } from './worker-profile.ts'

/** Bytes, written as a size: `256MiB`. */
const size = z.string().transform((text, context) => {
  try {
    return parseSizeBytes(text)
  } catch (error) {
    context.addIssue({ code: 'custom', message: messageOf(error) })
    return z.NEVER
  }
})

/** An absolute path, or one that starts with a variable; never with `..`, a wildcard or a control character. */
const path = z
  .string()
  .max(4096)
  .regex(/^(\/|\$\{(WORKSPACE|PROJECT_ROOT|HOME)\}(\/|$))/, {
    message: 'must be absolute, or start with ${WORKSPACE}, ${PROJECT_ROOT} or ${HOME}',
  })
  .regex(/^[^\u0000-\u001f\u007f*?[\]]*$/, { message: 'must not hold wildcards or control characters' })
  .refine((text) => !text.split('/').includes('..'), { message: 'must not hold ".."' })

/** A path relative to a writable tree; a trailing slash says that it is a directory. */
const protectedName = z
  .string()
  .max(256)
  .regex(/^[^/\u0000-\u001f\u007f*?[\]]+(\/[^/\u0000-\u001f\u007f*?[\]]+)*\/?$/, {
    message: 'must be a relative path such as .git/ or .github/hooks/',
  })
  .refine((text) => !/(^|\/)\.{1,2}(\/|$)/.test(text), { message: 'must not hold "." or ".."' })

const variableName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*\*?$/, {
  message: 'must be the name of an environment variable; a star may end it',
})

/** What a profile can ask to be certain of; a start is refused where one of them is not in force. */
export const GUARANTEES = [
  'namespaces',
  'seccomp',
  'no-network',
  'read-only-system',
  'descriptor-binds',
  'no-leaked-descriptors',
  'process-limit',
  'memory-limit',
  'cpu-limit',
  'open-files-limit',
  'file-size-limit',
  'core-dump-limit',
  'freeze',
  'spawn-records',
  'resident-exec',
  'fast-stop',
  'overlay',
  'transparent-network',
  'protected-names',
  'private-temporary',
  'no-outside-signals',
  'named-devices',
  'outbox',
] as const
export type GuaranteeName = (typeof GUARANTEES)[number]

/** Top-level fields an author can fix against overrides. */
export const FIXABLE = ['filesystem', 'network', 'process', 'environment', 'terminal', 'protected'] as const

/**
 * Names an agent must not change in a tree the host's tools read: each of them makes git, an editor, a shell, npm or
 * another agent run a command of the writer's choice when somebody merely enters or opens the tree. Prose for agents
 * (CLAUDE.md, AGENTS.md) is not among them, because agents are asked to edit it; a profile can add it. Nor is what
 * runs only when a person builds or tests the project: that is the agent's work and must be reviewed as such.
 * A trailing slash says which are directories, because that decides what masks one that is not there.
 */
export const PROTECTED_NAMES: readonly string[] = [
  '.git/',
  '.hg/',
  '.envrc',
  '.mcp.json',
  '.claude/',
  '.codex/',
  '.cursor/',
  '.gemini/',
  '.agents/',
  '.github/hooks/',
  '.vscode/',
  '.idea/',
  '.zed/',
  '.husky/',
  '.pre-commit-config.yaml',
  '.npmrc',
]

const profileFields = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9_-]{0,62}$/, { message: 'must be lower-case, such as my-tool' }),
  description: z.string().max(400),
  filesystem: z.strictObject({
    workspace: z
      .enum(['read-write', 'read-only', 'temporary', 'none'])
      .describe(
        'the directory the run is about; temporary: an empty one in memory that vanishes with the run',
      ),
    read_only: z.array(path).max(64).default([]),
    read_write: z.array(path).max(64).default([]),
    temporary_size: size
      .default(512 * 1024 ** 2)
      .describe('the most /tmp and the home directory can hold, each'),
    shared_memory: size.optional().describe('the most /dev/shm can hold; absent: 64MiB'),
  }),
  network: z
    .strictObject({
      mode: z
        .enum(['none', 'policy', 'domains'])
        .describe(
          'none: no network, whatever policy says; policy: what rules and grants of net:connect allow; domains: these, less what policy denies',
        ),
      domains: z
        .array(z.string().regex(/^(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)+$/))
        .max(256)
        .default([]),
      via: z
        .enum(['proxy', 'transparent'])
        .default('proxy')
        .describe(
          'transparent: every connection is led to the proxy, for programs that know nothing of proxies',
        ),
    })
    .refine((network) => (network.mode === 'domains') === network.domains.length > 0, {
      message: 'mode "domains" needs a list of domains, and the other modes have none',
    }),
  process: z.strictObject({
    fork: z.boolean().describe('false: it may start threads, but no other process'),
    max_seconds: z.int().min(1).max(86_400).optional().describe('wall-clock time; absent: no limit'),
    max_memory: size,
    max_processes: z.int().min(1).max(4096),
    max_open_files: z.int().min(16).max(65_536),
    max_output: size.optional().describe('of standard output and error together; absent: no limit'),
    max_file: size.default(4 * 1024 ** 3).describe('of one file'),
    max_locked: size.optional().describe('of memory it may keep out of swap; absent: what its caller may'),
    cpu_percent: z.int().min(1).max(6400).default(200).describe('100 is one processor'),
  }),
  environment: z.strictObject({
    mode: z.enum(['none', 'restricted', 'full']),
    pass: z.array(variableName).max(128).default([]),
  }),
  terminal: z.boolean().default(false),
  devices: devicesField,
  recycle: recycleField,
  outbox: outboxField,
  immutable: z.array(z.enum(FIXABLE)).default([]),
  minimum_level: z
    .enum(MINIMUM_LEVELS)
    .default('full')
    .describe('the least a sandbox must keep; where nothing keeps it, the start is refused'),
  requires: z
    .array(z.enum(GUARANTEES))
    .optional()
    .describe('what must be in force besides; absent: what the minimum level stands for'),
  protected: z
    .array(protectedName)
    .max(128)
    .default([...PROTECTED_NAMES]),
})

/** One sandbox profile, as written. Unknown fields are refused. */
export const profileSchema = profileFields.transform((profile) => ({
  ...profile,
  requires: profile.requires ?? requiredBy(profile.minimum_level),
}))

/** A profile after checking: sizes are bytes, defaults are filled in. */
export type Profile = z.output<typeof profileSchema>
export type ProfileInput = z.input<typeof profileSchema>

/** The shape of a profile file as JSON Schema 2020-12, for editors. */
export function profileJsonSchema(): object {
  return {
    ...z.toJSONSchema(profileSchema, { io: 'input', unrepresentable: 'any' }),
    title: 'Warder sandbox profile',
  }
}
