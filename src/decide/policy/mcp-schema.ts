import * as z from 'zod'

/** The `mcp` section of the policy: which servers of the Model Context Protocol may be used, and how. */

const action = z.enum(['allow', 'ask', 'deny'])
const duration = z.string().regex(/^[1-9]\d{0,8}(ms|s|m|h)$/, 'write a whole number and a unit, such as 30s')
const label = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,31}$/, 'a label is a word in lower case, such as external-data')
const toolPattern = z
  .string()
  .regex(/^[A-Za-z0-9_.*-]{1,128}$/, 'write a tool’s name; * is any run of characters')

const argument = z
  .strictObject({
    type: z.enum(['string', 'number', 'integer', 'boolean', 'array', 'object']).optional(),
    required: z.boolean().optional(),
    pattern: z.string().max(1000).optional().describe('an expression a text has to match as a whole'),
    one_of: z
      .array(z.union([z.string().max(1024), z.number(), z.boolean()]))
      .min(1)
      .max(1000)
      .optional(),
    range: z.tuple([z.number(), z.number()]).optional().describe('of a number; both ends belong'),
    max: z.int().min(0).max(10_000_000).optional().describe('longest text or list'),
    path: z
      .enum(['read', 'write', 'list', 'delete'])
      .optional()
      .describe('it is a path, and this is done there; the gate is asked about it like about any file'),
    below: z
      .array(z.string().min(1).max(1024))
      .min(1)
      .max(64)
      .optional()
      .describe(
        'of a path: the folders one of which it has to lie in; ${WORKSPACE} is where the server works',
      ),
    url: z.boolean().optional().describe('it is a URL; the gate is asked about its host'),
    hosts: z.array(z.string().max(253)).min(1).max(256).optional().describe('of a URL: the only ones'),
    command: z.boolean().optional().describe('it is a command line: rated, and asked about like one'),
    text: z.boolean().optional().describe('it is free text, whatever it looks like'),
  })
  .describe('what an argument has to be')

const tool = z.strictObject({
  action,
  arguments: z
    .record(z.string().min(1).max(200), argument)
    .optional()
    .describe('by name; a.b is a member of an object, a[] each item of a list'),
  other_arguments: action.extract(['allow', 'deny']).optional().describe('those no rule names; allow'),
  labels: z.array(label).max(16).optional().describe('what its results are labelled with'),
  accepts: z.array(label).max(16).optional().describe('labels it may act on without a further yes'),
  timeout: duration.optional().describe('of one call; the server’s'),
  at_once: z.int().min(1).max(64).optional().describe('calls under way in one session; 64 requests in all'),
})

const named = z.record(z.string().min(1).max(1024), action).optional()

const server = z.strictObject({
  description: z.string().max(500).optional(),
  tier: z
    .enum(['trusted', 'verified', 'untrusted'])
    .optional()
    .describe('how far it is trusted, which sets limits and what its tools may do at all; untrusted'),
  command: z
    .array(z.string().min(1).max(4096))
    .min(1)
    .max(256)
    .optional()
    .describe('what it is started as, word for word; absent: whatever the client’s configuration says'),
  profile: z.string().min(1).max(64).optional().describe('the sandbox profile it runs in; by its tier'),
  use_secrets: z
    .array(
      z
        .string()
        .max(1024)
        .regex(
          /^[a-z0-9](?:[a-z0-9._-]{0,61}[a-z0-9])?(?:=[^,=\s]+(?:,[^,=\s]+)*)?$/,
          'write NAME, or NAME=HOST for one of its hosts',
        ),
    )
    .min(1)
    .max(16)
    .optional()
    .describe(
      'secrets that are put in on the way to their hosts; the server itself holds stand-ins, as variables; needs `command`',
    ),
  agents: z
    .array(z.string().regex(/^(?:\*|[a-z0-9][a-z0-9._-]{0,62})$/, 'write the name of an agent, or *'))
    .min(1)
    .max(1000)
    .optional()
    .describe('who may use it; every agent'),
  tools: z
    .record(toolPattern, z.union([action, tool]))
    .optional()
    .describe('what is not named is denied'),
  resources: named.describe('by URI; * is any run of characters; what is not named is denied'),
  prompts: named.describe('what is not named is denied'),
  methods: z
    .array(z.enum(['completion/complete', 'subscriptions/listen']))
    .max(2)
    .optional()
    .describe('requests beyond the ordinary ones'),
  questions: z
    .strictObject({ sampling: action.optional(), elicitation: action.optional(), roots: action.optional() })
    .optional()
    .describe('what it may ask its client for; deny'),
  rate: z.int().min(0).max(1_000_000).optional().describe('calls a minute; by its tier: 120, 60, 30'),
  calls: z.int().min(0).max(100_000_000).optional().describe('in one session; by its tier: 10000, 2000, 500'),
  timeout: duration.optional().describe('of one call; by its tier: 120s, 60s, 30s'),
  max_message: z
    .string()
    .regex(/^[1-9]\d{0,11}(B|kB|KiB|MB|MiB)$/, 'write a size such as 4MiB')
    .optional()
    .describe('either way; by its tier: 8MiB, 8MiB, 1MiB'),
  secrets: z
    .enum(['redact', 'block', 'off'])
    .optional()
    .describe('keys and personal data in what passes, either way; redact'),
})

export const mcpSchema = z.strictObject({
  servers: z
    .record(
      z
        .string()
        .regex(
          /^[a-z0-9][a-z0-9._-]{0,57}$/,
          'a server’s name is [a-z0-9][a-z0-9._-]*, at most 58 characters',
        ),
      server,
    )
    .describe('by the name the client knows it by, in lower case'),
})

export type McpDocument = z.infer<typeof mcpSchema>
export type McpServerDocument = McpDocument['servers'][string]
export type McpToolDocument = z.infer<typeof tool>
