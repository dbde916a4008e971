import { z } from 'zod'
import { endpoint, type Endpoint } from './endpoint.ts'
import { SecretWanted } from './secrets.ts'
import { AgentName, CapabilityText, Nothing, Reason, VerdictShape } from './words.ts'

/** What runs: one command in one sandbox, for one agent. */
export const RunInput = z.strictObject({
  kind: z.enum(['run', 'exec']),
  agent: AgentName.optional().describe('absent for exec: the owner runs it'),
  profile: z.string().min(1).max(64).optional(),
  workspace: z.string().min(1).max(4096),
  workspaceMode: z
    .enum(['overlay', 'worktree', 'direct'])
    .optional()
    .describe('overlay: changes stay aside; worktree: a clone of its own; direct: the workspace itself'),
  cwd: z.string().min(1).max(4096).optional(),
  argv: z.array(z.string().max(131_072)).min(1).max(4096),
  environment: z.record(z.string().max(256), z.string().max(131_072)),
  umask: z.int().min(0).max(0o777).default(0o022).describe('for the files it makes'),
  terminal: z
    .strictObject({ columns: z.int().min(1).max(10_000), rows: z.int().min(1).max(10_000) })
    .optional()
    .describe('a terminal is wanted, of this size'),
  grants: z.array(CapabilityText).max(64).default([]).describe('capabilities the owner grants for this run'),
  grantFor: z.string().max(32).optional().describe('how long those grants hold, such as 10m'),
  secrets: z
    .array(SecretWanted)
    .max(64)
    .optional()
    .describe('put in by the proxy on the way to their hosts; the agent holds stand-ins'),
  domains: z
    .array(z.string().min(1).max(253))
    .max(256)
    .optional()
    .describe('for profile web_scraper: what it fetches from'),
  reason: Reason.optional(),
  maxSeconds: z.int().min(1).max(604_800).optional(),
  budget: z
    .strictObject({
      actions: z.int().min(0).optional(),
      programs: z.int().min(0).optional(),
      outputBytes: z.int().min(0).optional(),
    })
    .optional()
    .describe('how much it may do before it is stopped: questions asked, programs started, bytes written'),
  restart: z
    .literal('on-failure')
    .optional()
    .describe('the caller starts it again when it fails; an agent that fails too often is stopped'),
})
export type RunRequest = z.input<typeof RunInput>

const Inside = {
  agent: z.string().min(1).max(64).describe('the agent whose sandbox it is, or the run'),
  workspace: z.string().min(1).max(4096).optional().describe('of its runs, the one that works there'),
  reason: Reason.optional(),
}

/** A further command in a sandbox that runs. */
export const ExecInput = z.strictObject({
  ...Inside,
  argv: z.array(z.string().max(131_072)).min(1).max(4096),
  environment: z
    .record(z.string().max(256), z.string().max(131_072))
    .default({})
    .describe('only words about terminal and language go along'),
  umask: z.int().min(0).max(0o777).default(0o022).describe('for the files it makes'),
  terminal: RunInput.shape.terminal,
  maxSeconds: z.int().min(1).max(604_800).optional(),
})

/** A way in to a port of the loopback inside. */
export const ForwardInput = z.strictObject({ ...Inside, port: z.int().min(1).max(65_535) })

const OpenedInside = {
  verdict: VerdictShape,
  run: z.string(),
  agent: z.string(),
  profile: z.string(),
  permit: z.string(),
}

export const RunShape = z.object({
  run: z.string(),
  agent: z.string(),
  profile: z.string(),
  workspace: z.string(),
  command: z.string(),
  startedAt: z.iso.datetime(),
  processes: z.int(),
  terminal: z.boolean(),
  identity: z
    .object({ uid: z.int(), program: z.string(), sha256: z.string().optional() })
    .optional()
    .describe('who it is: the user it runs as, and the bytes of its program'),
})

export const LimitShape = z.object({
  name: z.string(),
  wanted: z.string(),
  inForce: z.boolean(),
  by: z.string(),
  note: z.string().optional(),
})

export const OpenedRunShape = z.object({
  verdict: VerdictShape,
  run: z.string(),
  agent: z.string(),
  profile: z.string(),
  permit: z.string(),
  notes: z.array(z.string()).describe('what a person should know before it starts: degradations in words'),
})

/** What runs, and asking for it. */
export const RUN_ENDPOINTS = {
  runs: endpoint({
    method: 'GET',
    path: '/v1/runs',
    about: 'what runs now',
    input: Nothing,
    output: z.object({ runs: z.array(RunShape) }),
  }),
  open: endpoint({
    method: 'POST',
    path: '/v1/runs',
    about: 'ask for a run; the answer carries the permit to attach with',
    input: RunInput,
    output: OpenedRunShape,
  }),
  execIn: endpoint({
    method: 'POST',
    path: '/v1/runs/:agent/commands',
    about: 'ask for a command in a running sandbox; the answer carries the permit to attach with',
    input: ExecInput,
    output: z.object({ ...OpenedInside, program: z.string().describe('as it is called inside') }),
  }),
  forward: endpoint({
    method: 'POST',
    path: '/v1/runs/:agent/forwards',
    about: 'ask for a way in to a port of a running sandbox',
    input: ForwardInput,
    output: z.object({
      ...OpenedInside,
      ticket: z.string().describe('each connection attaches with it, for as long as the permit is attached'),
      connections: z.int().describe('how many at once'),
    }),
  }),
} as const satisfies Record<string, Endpoint>
