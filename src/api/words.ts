import { z } from 'zod'
import { DOMAINS } from '../core/action.ts'
import { LAYERS } from '../core/decision.ts'
import { isAgentName } from '../core/principal.ts'
import { RISK_LEVELS, SENSITIVITY_LEVELS } from '../core/risk.ts'

/** The words of the wire that several endpoints share. What comes in is strict: an unknown field is refused. */

export const AgentName = z
  .string()
  .refine(isAgentName, 'an agent name has 1 to 63 of a-z, 0-9, dot, dash, underscore, and is no role')
  .meta({ id: 'AgentName' })
export const CapabilityText = z.string().min(3).max(1024).meta({ id: 'Capability' })
export const Reason = z.string().min(1).max(500)
export const Id = z.string().min(4).max(64)
export const Risk = z.enum(RISK_LEVELS)

export const EvidenceShape = z.object({
  domain: z.enum(DOMAINS),
  policyDigest: z.string(),
  inputHash: z.string(),
  epoch: z.int(),
  microseconds: z.number(),
})

export const DecisionShape = z
  .object({
    effect: z.enum(['allow', 'ask', 'deny']),
    layer: z.enum(LAYERS),
    rule: z.string(),
    reason: z.string(),
    fix: z.string().optional(),
    capabilities: z.array(z.string()),
    evidence: EvidenceShape,
  })
  .meta({ id: 'Decision' })

export const VerdictShape = z
  .object({
    id: z.string(),
    request: z.string(),
    principal: z.string(),
    action: z.string(),
    risk: Risk,
    decision: DecisionShape,
    entry: z.int().optional().describe('sequence number in the ledger'),
  })
  .meta({ id: 'Verdict' })
export type VerdictAnswer = z.infer<typeof VerdictShape>

export const GrantShape = z
  .object({
    id: z.string(),
    principal: z.string(),
    capability: z.string(),
    grantor: z.string(),
    reason: z.string(),
    task: z.string().optional(),
    notBefore: z.iso.datetime(),
    expiresAt: z.iso.datetime(),
    createdAt: z.iso.datetime(),
    revokedAt: z.iso.datetime().optional(),
    revokedBy: z.string().optional(),
    state: z.enum(['pending', 'live', 'expired', 'revoked', 'distrusted']),
    warnings: z.array(z.string()).describe('what the grantor should know'),
  })
  .meta({ id: 'Grant' })
export type GrantAnswer = z.infer<typeof GrantShape>

/** RFC 9457 problem details with a stable `code`, the `fix`, and the verdict when a decision said no; see `problem.ts`. */
export const ProblemShape = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.string(),
    kind: z.enum(['invalid', 'forbidden', 'missing', 'conflict', 'stopped', 'unavailable']).optional(),
    fix: z.string().optional(),
    where: z.string().optional(),
    problems: z.array(z.unknown()).optional(),
    verdict: VerdictShape.optional(),
  })
  .meta({ id: 'Problem' })

export const Sensitivity = z.enum(SENSITIVITY_LEVELS)

/** Something in a policy that does not do what it seems to. */
export const FindingShape = z.object({
  kind: z.enum(['unreachable', 'shadowed', 'not_enforceable', 'suspicious']),
  rule: z.string(),
  capability: z.string().optional(),
  where: z.string(),
  reason: z.string(),
  fix: z.string(),
})

/** One thing that speaks of an action, in the order it is weighed. */
export const VoiceShape = z.object({
  source: z.string(),
  effect: z.string(),
  rule: z.string(),
  capability: z.string(),
  reason: z.string(),
  where: z.string().optional(),
  applies: z.boolean(),
  because: z.string().optional(),
})

/** One expectation and what became of it. */
export const CaseShape = z.object({
  where: z.string(),
  who: z.string(),
  action: z.string(),
  expect: z.string(),
  expectRule: z.string(),
  got: z.string(),
  rule: z.string(),
  reason: z.string(),
  ok: z.boolean(),
})

const Row = z.object({ what: z.string(), how: z.string(), why: z.string() })

/** What a run would see, may change and cannot have. */
export const BoxShape = z.object({
  profile: z.string(),
  command: z.array(z.string()),
  cwd: z.string(),
  user: z.string(),
  visible: z.array(Row),
  writable: z.array(Row),
  masked: z.array(Row),
  environment: z.array(z.string()).describe('names only: values may be secret'),
  limits: z.array(Row),
  network: z.string(),
  notEnforced: z.array(z.string()),
  notes: z.array(z.string()),
  digest: z.string(),
})
export type BoxAnswer = z.infer<typeof BoxShape>

/** A file of the caller's, or of the server's, that a client only prints. */
export const Printed = z.record(z.string(), z.unknown())

const Counted = z.int().min(0)

/** One self-test of the sandbox, without its single attempts. */
export const SelfTestShape = z.object({
  driver: z.string(),
  level: z.string().describe('none, landlock, container or full: as the driver was found at the time'),
  profile: z.string(),
  profileDigest: z.string(),
  bootId: z.string(),
  startedAt: z.iso.datetime(),
  durationMs: z.int(),
  isWhole: z.boolean().describe('every attempt was asked for'),
  isGreen: z.boolean().describe('nothing got out, and nothing that had to be shown is missing'),
  counts: z.object({
    tried: Counted,
    stopped: Counted,
    escaped: Counted,
    notStoppable: Counted,
    notRun: Counted,
    noControl: Counted,
    missing: Counted.describe('of the two before: those that should have shown something'),
  }),
  broken: z.array(z.string()).describe('guarantees that are no longer claimed'),
  entry: z.int().optional().describe('sequence number in the ledger'),
})

/** One way out of the sandbox, and what became of it. */
export const AttemptShape = z.object({
  name: z.string(),
  group: z.string(),
  tries: z.string(),
  stoppedBy: z.string(),
  guarantee: z.string(),
  result: z.enum(['stopped', 'escaped', 'not-stoppable', 'not-run', 'no-control']),
  why: z.string(),
  isMissing: z.boolean(),
})

const Side = z.object({
  kind: z.enum(['file', 'directory', 'link', 'fifo', 'socket', 'device']),
  mode: z.int(),
  sizeBytes: z.int(),
  target: z.string().optional(),
  digest: z.string().optional(),
})

/** What an agent did at one path of its workspace. */
export const ChangeShape = z.object({
  path: z.string().describe('relative to the workspace'),
  what: z.enum(['added', 'changed', 'deleted', 'mode', 'replaced']),
  before: Side.optional(),
  after: Side.optional(),
  flags: z.array(z.string()).describe('why it is left out unless accepted'),
  contains: z.int().optional().describe('how much goes with a deleted directory'),
  sameFile: z.array(z.string()).optional().describe('other names of the same file'),
  diff: z.string().optional().describe('unified, secrets masked'),
})
export type ChangeAnswer = z.infer<typeof ChangeShape>

/** An agent's change set. */
export const ChangeSetShape = z.object({
  id: z.string(),
  agent: z.string(),
  workspace: z.string(),
  mode: z.enum(['overlay', 'worktree']).describe('overlay: files; worktree: commits in a clone of its own'),
  openedAt: z.iso.datetime(),
  inUse: z.boolean().describe('a run writes to it'),
})

/** A branch of an agent's clone that the owner's repository does not have yet, or has otherwise. */
export const BranchShape = z.object({
  ref: z.string().describe('where it is, or would be, in the owner’s repository'),
  before: z.string().optional(),
  after: z.string(),
})

/** Which flags a change can be taken in spite of. */
export const Acceptable = z.enum([
  'protected',
  'secret',
  'executable',
  'escaping-link',
  'large',
  'binary',
  'conflict',
])

/** A path in a workspace: relative to it, or absolute and below it. */
export const WorkspacePath = z.string().min(1).max(4096)

/** A kept state of a workspace. */
export const SnapshotShape = z.object({
  id: z.string(),
  workspace: z.string(),
  takenAt: z.iso.datetime(),
  cause: z.enum(['owner', 'before-apply', 'before-restore', 'before-run']),
  note: z.string(),
  whole: z.boolean().describe('false: only the paths that were about to be changed'),
  files: z.int(),
  sizeBytes: z.int(),
  left: z.array(z.string()).describe('what cannot be kept: pipes, sockets, devices'),
})
export type SnapshotAnswer = z.infer<typeof SnapshotShape>
