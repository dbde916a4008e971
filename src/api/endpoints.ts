import { z } from 'zod'
import { APPROVAL_ENDPOINTS, ApprovalsStatusShape } from './approvals.ts'
import { CONSOLE_ENDPOINTS } from './console.ts'
import { endpoint, type Endpoint } from './endpoint.ts'
import { ALERT_ENDPOINTS } from './alerts.ts'
import { HOOK_ENDPOINTS } from './hooks.ts'
import { AirlockShape, EGRESS_ENDPOINTS } from './egress.ts'
import { EMERGENCY_ENDPOINTS } from './emergency.ts'
import { FIREWALL_ENDPOINTS } from './firewall.ts'
import { CANARY_ENDPOINTS } from './canaries.ts'
import { INTEGRITY_ENDPOINTS } from './integrity.ts'
import { HEALTH_ENDPOINTS, HealthStatusShape, HumanShape } from './health.ts'
import { INCIDENT_ENDPOINTS } from './incidents.ts'
import { MCP_ENDPOINTS } from './mcp.ts'
import { MCP_PIN_ENDPOINTS } from './mcp-pins.ts'
import { OUTBOX_ENDPOINTS } from './outbox.ts'
import { PEOPLE_ENDPOINTS } from './people.ts'
import { SECRET_ENDPOINTS, SecretWanted } from './secrets.ts'
import { POSTURE_ENDPOINTS } from './posture.ts'
import { TAINT_ENDPOINTS } from './taint.ts'
import {
  Acceptable,
  AgentName,
  AttemptShape,
  BranchShape,
  CapabilityText,
  ChangeSetShape,
  ChangeShape,
  DecisionShape,
  GrantShape,
  Id,
  BoxShape,
  CaseShape,
  FindingShape,
  Printed,
  VoiceShape,
  Reason,
  Risk,
  SelfTestShape,
  Sensitivity,
  SnapshotShape,
  VerdictShape,
  WorkspacePath,
} from './words.ts'

const Nothing = z.strictObject({})
const Limit = z.coerce.number().int().min(1).max(10_000)

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

export const GuaranteeShape = z.object({
  name: z.string(),
  inForce: z.boolean(),
  why: z.string(),
  fix: z.string().optional(),
})

const DAEMON = {
  version: z.string(),
  pid: z.int(),
  profile: z.enum(['dev', 'test', 'prod']),
  startedAt: z.iso.datetime(),
  mode: z.enum(['normal', 'manual']),
  stops: z.array(z.object({ agent: z.string(), since: z.string(), by: z.string(), reason: z.string() })),
  socket: z.object({ path: z.string(), peerUid: z.boolean() }),
}

export const StatusShape = z.object({
  ...DAEMON,
  policy: z.object({
    file: z.string(),
    digest: z.string(),
    epoch: z.int(),
    rules: z.int(),
    grants: z.int(),
    problem: z.string().optional(),
  }),
  ledger: z.object({
    ok: z.boolean(),
    directory: z.string(),
    seq: z.int(),
    head: z.string(),
    witness: z.string().optional(),
    degraded: z.array(z.string()),
  }),
  sandbox: z.object({
    driver: z.string(),
    available: z.boolean(),
    level: z.string().describe('none, landlock, container or full: computed from the guarantees in force'),
    guarantees: z.array(GuaranteeShape),
    tests: z
      .array(SelfTestShape.extend({ escaped: z.array(z.string()), isCurrent: z.boolean() }))
      .describe('the last self-test of this boot for each driver and profile; none: not tested on this boot'),
  }),
  memory: z.array(GuaranteeShape).describe('what keeps the memory of the daemon from others'),
  approvals: ApprovalsStatusShape,
  egress: z.object({
    proxy: z.enum(['running', 'not started', 'broken']),
    problem: z.string().optional(),
    airlock: AirlockShape,
    runs: z.int().describe('that have a way out'),
  }),
  runs: z.array(RunShape),
  unsettled: z.int().describe('permits that were issued and never settled'),
  health: HealthStatusShape.optional().describe('all parts together, and those that are not well'),
  humans: z.array(HumanShape).optional().describe('who works at this machine now, not through Warder'),
  degraded: z.array(z.string()),
})
export type StatusAnswer = z.infer<typeof StatusShape>

export const EntryShape = z.record(z.string(), z.unknown()).and(
  z.object({
    seq: z.int(),
    id: z.string(),
    timestamp: z.string(),
    event_type: z.string(),
    agent: z.string(),
    action: z.string(),
    target: z.string(),
    decision: z.string(),
    result: z.string(),
    risk_level: z.string(),
    layer: z.string(),
    rule: z.string(),
    reason: z.string(),
  }),
)
export type EntryAnswer = z.infer<typeof EntryShape>

export const AuditFilter = z.strictObject({
  agent: z.string().optional(),
  action: z.string().optional().describe('a prefix, such as fs: or process:spawn'),
  decision: z.enum(['allow', 'ask', 'deny']).optional(),
  result: z.string().optional(),
  risk: Risk.optional(),
  type: z.string().optional(),
  since: z.iso.datetime().optional(),
  until: z.iso.datetime().optional(),
  unsettled: z.stringbool().optional(),
  after: z.coerce.number().int().min(0).optional(),
  limit: Limit.optional(),
})

const Ask = z.strictObject({
  as: AgentName.optional(),
  capability: CapabilityText.describe('namespace:action:resource, the resource exact'),
  reason: Reason.optional(),
  task: z.string().max(100).optional(),
  risk: Risk.optional(),
  sensitivity: Sensitivity.optional(),
  format: z.string().max(32).optional(),
})

const StopAnswer = z.object({
  mode: z.enum(['normal', 'manual']),
  cancelledPermits: z.int(),
  halted: z.array(
    z.object({
      agent: z.string(),
      runId: z.string(),
      processesBefore: z.int(),
      processesAfter: z.int(),
      frozenMs: z.number().optional(),
      ms: z.number(),
      error: z.string().optional(),
    }),
  ),
  entry: z.int().optional(),
})

const OfChangeSet = { agent: AgentName, workspace: z.string().min(1).max(4096).optional() }
const Paths = z.array(WorkspacePath).max(1000).default([])
const LeftOut = z.array(z.object({ path: z.string(), why: z.string() }))

/** Every call there is. Server, client, OpenAPI document and reference all come from this table. */
export const ENDPOINTS = {
  status: endpoint({
    method: 'GET',
    path: '/v1/status',
    about: 'what is in force right now',
    input: Nothing,
    output: StatusShape,
  }),
  daemon: endpoint({
    method: 'GET',
    path: '/v1/daemon',
    about: 'who answers, and whether anything is stopped; unlike status it asks nobody else',
    input: Nothing,
    output: z.object({ ...DAEMON, watchers: z.int().describe('who would see a question') }),
  }),
  decide: endpoint({
    method: 'POST',
    path: '/v1/decisions',
    about: 'may they: decided and recorded, opens nothing',
    input: Ask,
    output: VerdictShape,
    agents: true,
  }),
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
  grantAdd: endpoint({
    method: 'POST',
    path: '/v1/grants',
    about: 'grant a capability for a time',
    input: z.strictObject({
      principal: AgentName,
      capability: CapabilityText,
      reason: Reason,
      duration: z.string().max(32).optional(),
      startsIn: z.string().max(32).optional(),
      task: z.string().max(100).optional(),
    }),
    output: GrantShape,
    agents: true,
  }),
  grantList: endpoint({
    method: 'GET',
    path: '/v1/grants',
    about: 'grants',
    input: z.strictObject({ principal: AgentName.optional(), all: z.stringbool().optional() }),
    output: z.object({ grants: z.array(GrantShape) }),
  }),
  grantRevoke: endpoint({
    method: 'DELETE',
    path: '/v1/grants/:id',
    about: 'revoke a grant; takes effect at once',
    input: z.strictObject({ id: Id, reason: Reason.optional() }),
    output: GrantShape,
    agents: true,
  }),
  policyShow: endpoint({
    method: 'GET',
    path: '/v1/policy',
    about: 'the policy in force',
    input: Nothing,
    output: z.object({
      file: z.string(),
      digest: z.string(),
      epoch: z.int(),
      text: z.string(),
      policy: Printed,
    }),
  }),
  policyCheck: endpoint({
    method: 'POST',
    path: '/v1/policy/check',
    about: 'what is wrong, dead or not enforceable in a policy',
    input: z.strictObject({
      text: z.string().max(1_048_576).optional(),
      file: z.string().max(4096).optional(),
    }),
    output: z.object({
      file: z.string(),
      digest: z.string(),
      rules: z.int(),
      findings: z.array(FindingShape),
    }),
  }),
  policyExplain: endpoint({
    method: 'POST',
    path: '/v1/policy/explain',
    about: 'may they, why, and the smallest change that would',
    input: Ask,
    output: z.object({
      decision: DecisionShape,
      matched: z.array(VoiceShape),
      change: z
        .object({ note: z.string(), command: z.string().optional(), patch: z.string().optional() })
        .optional()
        .describe('the smallest change that would allow it'),
    }),
  }),
  policyTest: endpoint({
    method: 'POST',
    path: '/v1/policy/test',
    about: 'a table of expectations against the policy in force',
    input: z.strictObject({
      text: z.string().max(1_048_576),
      file: z.string().max(4096).optional(),
      policy: z.string().max(1_048_576).optional(),
    }),
    output: z.object({ passed: z.int(), failed: z.int(), cases: z.array(CaseShape) }),
  }),
  policyReload: endpoint({
    method: 'POST',
    path: '/v1/policy/reload',
    about: 'read the policy file again, all or nothing',
    input: Nothing,
    output: z.object({ digest: z.string(), epoch: z.int(), rules: z.int(), changed: z.boolean() }),
    agents: true,
  }),
  auditList: endpoint({
    method: 'GET',
    path: '/v1/audit',
    about: 'entries of the ledger',
    input: AuditFilter,
    output: z.object({ entries: z.array(EntryShape) }),
  }),
  auditShow: endpoint({
    method: 'GET',
    path: '/v1/audit/entries/:id',
    about: 'one entry, by number, id or unique prefix',
    input: z.strictObject({ id: z.string().min(1).max(64) }),
    output: EntryShape,
  }),
  auditFollow: endpoint({
    method: 'GET',
    path: '/v1/audit/follow',
    about: 'entries as they are written',
    input: AuditFilter,
    output: EntryShape,
    stream: true,
  }),
  auditExport: endpoint({
    method: 'GET',
    path: '/v1/audit/export',
    about: 'entries for other tools',
    input: AuditFilter.extend({ format: z.enum(['jsonl', 'csv', 'ocsf']) }),
    output: z.object({ text: z.string() }),
    stream: true,
  }),
  auditArchive: endpoint({
    method: 'POST',
    path: '/v1/audit/archive',
    about: 'compress, encrypt and set aside a month',
    input: z.strictObject({ month: z.string().regex(/^\d{4}-\d{2}$/), remove: z.boolean().default(false) }),
    output: Printed,
  }),
  profiles: endpoint({
    method: 'GET',
    path: '/v1/sandbox/profiles',
    about: 'sandbox profiles',
    input: Nothing,
    output: z.object({
      profiles: z.array(
        z.object({ name: z.string(), description: z.string(), from: z.enum(['shipped', 'yours']) }),
      ),
    }),
  }),
  sandboxExplain: endpoint({
    method: 'POST',
    path: '/v1/sandbox/explain',
    about: 'what a run would see',
    input: RunInput,
    output: BoxShape,
  }),
  sandboxProbe: endpoint({
    method: 'POST',
    path: '/v1/sandbox/probe',
    about: 'try every guarantee on this host, now',
    input: Nothing,
    output: z.object({ driver: z.string(), available: z.boolean(), guarantees: z.array(GuaranteeShape) }),
  }),
  sandboxTest: endpoint({
    method: 'POST',
    path: '/v1/sandbox/test',
    about: 'try every way out of the sandbox on this host, now, and record what held',
    input: z.strictObject({
      profile: z.string().min(1).max(64).default('agent'),
      driver: z.string().min(1).max(64).optional(),
      only: z.array(z.string().min(1).max(64)).max(256).default([]).describe('attempts or groups of them'),
    }),
    output: SelfTestShape.extend({ results: z.array(AttemptShape) }),
  }),
  changesList: endpoint({
    method: 'GET',
    path: '/v1/changes',
    about: 'change sets that wait for a decision',
    input: z.strictObject({ agent: AgentName.optional() }),
    output: z.object({ sets: z.array(ChangeSetShape) }),
  }),
  changesShow: endpoint({
    method: 'GET',
    path: '/v1/changes/:agent',
    about: 'what an agent changed',
    input: z.strictObject({
      ...OfChangeSet,
      path: WorkspacePath.optional().describe('only this, with what is below it'),
      diff: z.stringbool().optional(),
    }),
    output: ChangeSetShape.extend({
      changes: z.array(ChangeShape),
      branches: z.array(BranchShape),
      complete: z.boolean().describe('false: there was more than could be looked at, and nothing is applied'),
      digest: z.string().describe('of all changes, also of those not shown'),
    }),
  }),
  changesApply: endpoint({
    method: 'POST',
    path: '/v1/changes/:agent/apply',
    about: 'write an agent’s changes to its workspace, all of those chosen or none',
    input: z.strictObject({
      ...OfChangeSet,
      paths: Paths.describe('none: all'),
      accept: z.array(Acceptable).max(16).default([]),
      digest: z.string().length(64).optional().describe('refused when the changes are no longer these'),
    }),
    output: z.object({
      workspace: z.string(),
      applied: z.array(z.string()),
      left: LeftOut,
      branches: z
        .array(BranchShape)
        .describe('of a worktree: references that were written; nothing is checked out'),
      snapshot: z.string().optional().describe('to go back to'),
      closed: z.boolean().describe('nothing is left'),
    }),
  }),
  changesDiscard: endpoint({
    method: 'POST',
    path: '/v1/changes/:agent/discard',
    about: 'forget what an agent changed',
    input: z.strictObject({ ...OfChangeSet, paths: Paths.describe('none: all') }),
    output: z.object({ workspace: z.string(), discarded: z.int(), closed: z.boolean() }),
  }),
  snapshotTake: endpoint({
    method: 'POST',
    path: '/v1/snapshots',
    about: 'keep a workspace as it is',
    input: z.strictObject({ workspace: z.string().min(1).max(4096), note: z.string().max(500).default('') }),
    output: SnapshotShape,
  }),
  snapshotList: endpoint({
    method: 'GET',
    path: '/v1/snapshots',
    about: 'kept states of workspaces, newest first',
    input: z.strictObject({ workspace: z.string().min(1).max(4096).optional() }),
    output: z.object({ snapshots: z.array(SnapshotShape), storeBytes: z.int(), mostBytes: z.int() }),
  }),
  snapshotShow: endpoint({
    method: 'GET',
    path: '/v1/snapshots/:id',
    about: 'a snapshot, and what going back to it would change now',
    input: z.strictObject({ id: Id }),
    output: SnapshotShape.extend({ differs: z.array(z.string()) }),
  }),
  snapshotRestore: endpoint({
    method: 'POST',
    path: '/v1/snapshots/:id/restore',
    about: 'go back to a snapshot',
    input: z.strictObject({ id: Id, paths: Paths.describe('none: all') }),
    output: z.object({
      workspace: z.string(),
      changed: z.array(z.string()),
      before: z.string().optional().describe('the snapshot of what was there, to undo this'),
    }),
  }),
  snapshotDrop: endpoint({
    method: 'DELETE',
    path: '/v1/snapshots/:id',
    about: 'forget a snapshot',
    input: z.strictObject({ id: Id }),
    output: SnapshotShape,
  }),
  stop: endpoint({
    method: 'POST',
    path: '/v1/stop',
    about: 'freeze and kill agents and keep them stopped',
    input: z.strictObject({ agent: AgentName.optional(), reason: Reason }),
    output: StopAnswer,
    agents: true,
  }),
  resume: endpoint({
    method: 'POST',
    path: '/v1/resume',
    about: 'lift a stop',
    input: z.strictObject({
      agent: AgentName.optional(),
      reason: Reason,
      since: z.iso.datetime().optional().describe('of the stop that was looked at; a later one stays'),
      confirmed: z
        .enum(['terminal', 'flag'])
        .optional()
        .describe(
          'how somebody said so: typed at a terminal, or written in a command; recorded, never trusted',
        ),
    }),
    output: z.object({ mode: z.enum(['normal', 'manual']), stops: z.int(), entry: z.int().optional() }),
    agents: true,
  }),
  ...PEOPLE_ENDPOINTS,
  ...CONSOLE_ENDPOINTS,
  ...APPROVAL_ENDPOINTS,
  ...HOOK_ENDPOINTS,
  ...OUTBOX_ENDPOINTS,
  ...SECRET_ENDPOINTS,
  ...EGRESS_ENDPOINTS,
  ...TAINT_ENDPOINTS,
  ...MCP_ENDPOINTS,
  ...MCP_PIN_ENDPOINTS,
  ...FIREWALL_ENDPOINTS,
  ...ALERT_ENDPOINTS,
  ...INCIDENT_ENDPOINTS,
  ...HEALTH_ENDPOINTS,
  ...INTEGRITY_ENDPOINTS,
  ...CANARY_ENDPOINTS,
  ...EMERGENCY_ENDPOINTS,
  ...POSTURE_ENDPOINTS,
} as const satisfies Record<string, Endpoint>

export type EndpointName = keyof typeof ENDPOINTS
export type InputOf<N extends EndpointName> = z.input<(typeof ENDPOINTS)[N]['input']>
export type ParsedInputOf<N extends EndpointName> = z.output<(typeof ENDPOINTS)[N]['input']>
export type OutputOf<N extends EndpointName> = z.output<(typeof ENDPOINTS)[N]['output']>

/** Where a client takes over the streams of a run; upgraded to frames, see `frame.ts`. */
export const ATTACH_PATH = '/v1/attach'
export const ATTACH_PROTOCOL = 'warder-run/1'
