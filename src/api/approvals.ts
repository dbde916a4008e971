import { z } from 'zod'
import { ROLES } from '../core/principal.ts'
import { endpoint } from './endpoint.ts'
import { AgentName, CapabilityText, Id, Nothing, Reason, Risk } from './words.ts'

/** The words of approvals on the wire, and their calls. */

export const QUESTION_CHOICES = ['once', 'session', 'rule', 'deny'] as const
export const TRUST_STAGES = ['draft', 'trial', 'verified'] as const
export const AUTONOMY_LEVELS = ['full', 'supervised', 'manual'] as const
export const AGENT_MODES = ['standard', 'offline', 'sensitive'] as const
export const HOLE_KINDS = ['path', 'number', 'hash', 'word'] as const

const SegmentShape = z.object({
  program: z.string(),
  sha256: z.string().optional().describe('of the program; absent when it could not be read'),
  files: z.array(z.object({ path: z.string(), sha256: z.string() })),
  args: z.array(z.string()).describe('numbered from 0 in the order they stand'),
})

/** A question that waits for a person, or was answered a short while ago. */
export const QuestionShape = z
  .object({
    id: z.string(),
    kind: z.string(),
    state: z.enum(['pending', 'agreed', 'answering', 'allowed', 'denied', 'expired', 'withdrawn']),
    principal: z.string(),
    role: z.enum(ROLES),
    action: z.string(),
    risk: Risk,
    rule: z.string().describe('the rule that asked'),
    reason: z.string().describe('why it asked'),
    wanted: z.string().optional().describe('why, in the words of who wants it; nothing vouches for them'),
    findings: z.array(z.object({ rule: z.string(), risk: Risk, note: z.string() })),
    argv: z.array(z.string()).optional(),
    cwd: z.string().optional(),
    workspace: z.string().optional(),
    profile: z.string().optional(),
    segments: z.array(SegmentShape).optional(),
    touches: z.array(z.string()).describe('what it could change or reach'),
    notes: z.array(z.string()),
    about: z.record(z.string(), z.string()).describe('what else is known of it'),
    payload: z.string().describe('SHA-256 of all that is shown; an answer names it'),
    twoPhase: z.boolean().describe('a yes is asked for twice'),
    choices: z.array(z.enum(QUESTION_CHOICES)),
    pattern: z
      .string()
      .optional()
      .describe('what the answer "rule" would allow for good, unless holes are made'),
    notStanding: z.string().optional().describe('why it cannot be allowed for good'),
    word: z.string().optional().describe('to be typed to confirm; there once somebody agreed'),
    askedAt: z.iso.datetime(),
    expiresAt: z.iso.datetime(),
    leftMs: z.int().describe('until it is a no'),
    agreedBy: z.string().optional(),
    say: z.enum(QUESTION_CHOICES).optional(),
    by: z.string().optional(),
    note: z.string().optional(),
    entry: z.int().optional().describe('sequence number in the ledger'),
  })
  .meta({ id: 'Question' })
export type QuestionAnswer = z.infer<typeof QuestionShape>

export const AllowanceShape = z
  .object({
    id: z.string(),
    agent: z.string(),
    pattern: z.string(),
    by: z.string(),
    since: z.iso.datetime(),
    until: z.iso.datetime().describe('earlier when nobody uses it for 90 days'),
    uses: z.int(),
    usedAt: z.iso.datetime().optional(),
  })
  .meta({ id: 'Allowance' })

export const TrustShape = z.object({
  agent: z.string(),
  stage: z.enum(TRUST_STAGES),
  staged: z.boolean().describe('whether the stage is asked for when it starts (trust.staged)'),
  successes: z.int(),
  days: z.int(),
  escalations: z.int(),
  why: z.string(),
  by: z.string(),
  since: z.iso.datetime().optional(),
})

const Amount = z.number().min(0).max(Number.MAX_SAFE_INTEGER)
const Amounts = z.strictObject({
  steps: Amount.optional().describe('questions to the gate, whatever the answer'),
  toolCalls: Amount.optional().describe('programs and tools that were allowed'),
  tokens: Amount.optional().describe('reported by whoever calls the model'),
  seconds: Amount.optional().describe('of runs that have ended'),
  files: Amount.optional().describe('writes, made directories and removals that were allowed'),
  outputBytes: Amount.optional().describe('reported'),
  money: Amount.optional().describe('in hundredths; reported'),
})

export const BudgetShape = z.object({
  agent: z.string(),
  task: z.string().describe('empty: all the agent does'),
  limits: z.object(Amounts.shape),
  used: z.object(Amounts.shape),
  per: z.enum(['ever', 'day', 'month']),
  state: z
    .enum(['normal', 'warning', 'manual'])
    .describe('warning from 80 %; manual: used up, nothing more is allowed'),
})
export type BudgetAnswer = z.infer<typeof BudgetShape>

const Counted = z.record(z.enum(['calls', 'writes', 'destructive', 'network', 'installs']), z.int())
const RateShape = z.object({
  agent: z.string().describe('* for all agents together'),
  seconds: z.int().describe('how far back is counted'),
  used: Counted,
  limits: Counted,
})

export const ApprovalsStatusShape = z.object({
  pending: z.int(),
  watchers: z.int().describe('who watches now and can answer'),
  reachable: z.boolean().describe('whether a question would reach anybody'),
  autonomy: z.enum(AUTONOMY_LEVELS),
  allowances: z.int(),
  prompts: z.int().describe('questions put since the daemon began'),
  tasks: z.int(),
  promptsPerTask: z.number(),
  mode: z.enum(AGENT_MODES).describe('what kind of work agents are at (agent.mode)'),
  stages: z
    .array(z.object({ agent: z.string(), stage: z.enum(TRUST_STAGES) }))
    .describe('of agents named in trust.staged'),
  problems: z.array(z.string()),
})

export const APPROVAL_ENDPOINTS = {
  approvalFollow: endpoint({
    method: 'GET',
    path: '/v1/approvals/follow',
    about: 'questions as they come and go; whoever follows counts as somebody who answers',
    input: z.strictObject({
      agent: z.string().min(1).max(64).optional().describe('only questions of this agent'),
    }),
    output: z.object({
      what: z.enum(['here', 'asked', 'agreed', 'answered', 'expired', 'withdrawn']),
      question: QuestionShape.optional(),
    }),
    stream: true,
  }),
  approvalList: endpoint({
    method: 'GET',
    path: '/v1/approvals',
    about: 'questions that wait for a person',
    input: z.strictObject({ agent: z.string().min(1).max(64).optional() }),
    output: z.object({ questions: z.array(QuestionShape) }),
  }),
  approvalShow: endpoint({
    method: 'GET',
    path: '/v1/approvals/:id',
    about: 'one question, exactly as it will run',
    input: z.strictObject({ id: Id }),
    output: QuestionShape,
  }),
  approvalAnswer: endpoint({
    method: 'POST',
    path: '/v1/approvals/:id/answer',
    about: 'answer a question, once; a dangerous yes is answered again with the word it then shows',
    input: z.strictObject({
      id: Id,
      say: z.enum(QUESTION_CHOICES),
      payload: z.string().length(64).describe('of the question as it was shown'),
      note: z.string().max(500).optional().describe('words to whoever asked'),
      word: z.string().max(64).optional(),
      holes: z
        .array(
          z.strictObject({
            segment: z.int().min(0).max(1000),
            argument: z.int().min(0).max(10_000),
            hole: z.enum(HOLE_KINDS),
          }),
        )
        .max(64)
        .optional()
        .describe('for "rule": arguments that may differ, and what they must be'),
      below: z.boolean().optional().describe('for "rule": in directories below too'),
      lasts: z
        .string()
        .max(32)
        .optional()
        .describe('for "rule": how long, such as 7d; 30d when absent, at most 90d'),
    }),
    output: QuestionShape,
  }),
  allowanceList: endpoint({
    method: 'GET',
    path: '/v1/allowances',
    about: 'commands that were allowed for good',
    input: z.strictObject({ agent: z.string().min(1).max(64).optional() }),
    output: z.object({ allowances: z.array(AllowanceShape), problems: z.array(z.string()) }),
  }),
  allowanceRevoke: endpoint({
    method: 'DELETE',
    path: '/v1/allowances/:id',
    about: 'take an allowance back; the next such command asks again',
    input: z.strictObject({ id: Id }),
    output: AllowanceShape,
  }),
  capabilityRequest: endpoint({
    method: 'POST',
    path: '/v1/requests',
    about: 'ask for a capability the policy lets one ask for; the answer may take a person',
    input: z.strictObject({
      as: AgentName.optional(),
      capability: CapabilityText,
      reason: Reason,
      duration: z.string().max(32).optional().describe('how long it is wanted for, such as 10m'),
      task: z.string().max(100).optional(),
    }),
    output: z.object({
      what: z.enum(['held', 'asked', 'granted']),
      capability: z.string(),
      grant: z.string().optional(),
      expiresAt: z.iso.datetime().optional(),
      waitMs: z.int().optional().describe('how long a person has to answer'),
      by: z.string().optional(),
    }),
    stream: true,
    agents: true,
  }),
  trustList: endpoint({
    method: 'GET',
    path: '/v1/trust',
    about: 'how far agents are trusted to start without a question',
    input: Nothing,
    output: z.object({ agents: z.array(TrustShape) }),
  }),
  trustSet: endpoint({
    method: 'POST',
    path: '/v1/trust/:agent',
    about: 'put an agent in another stage',
    input: z.strictObject({ agent: AgentName, stage: z.enum(TRUST_STAGES), reason: Reason.optional() }),
    output: TrustShape,
  }),
  autonomyShow: endpoint({
    method: 'GET',
    path: '/v1/autonomy',
    about: 'how much agents do alone',
    input: Nothing,
    output: z.object({ level: z.enum(AUTONOMY_LEVELS) }),
  }),
  autonomySet: endpoint({
    method: 'POST',
    path: '/v1/autonomy',
    about: 'say how much agents do alone',
    input: z.strictObject({ level: z.enum(AUTONOMY_LEVELS) }),
    output: z.object({ level: z.enum(AUTONOMY_LEVELS), before: z.enum(AUTONOMY_LEVELS) }),
  }),
  budgetList: endpoint({
    method: 'GET',
    path: '/v1/budgets',
    about: 'what agents may use up and how often they may act, and what they have',
    input: Nothing,
    output: z.object({
      budgets: z.array(BudgetShape),
      rates: z.array(RateShape).describe('limits are rates in the policy'),
      problem: z
        .string()
        .optional()
        .describe('why the budgets cannot be believed; then no agent does anything'),
    }),
  }),
  budgetReset: endpoint({
    method: 'DELETE',
    path: '/v1/budgets',
    about: 'begin again without budgets, where the old ones cannot be believed',
    input: z.strictObject({ reason: Reason }),
    output: z.object({ budgets: z.array(BudgetShape) }),
  }),
  budgetSet: endpoint({
    method: 'POST',
    path: '/v1/budgets/:agent',
    about: 'say what an agent, or one task of it, may use up; no limits end the budget',
    input: z.strictObject({
      agent: AgentName,
      task: z.string().max(100).default(''),
      limits: Amounts,
      per: z.enum(['ever', 'day', 'month']).default('ever'),
    }),
    output: BudgetShape,
  }),
  budgetSpend: endpoint({
    method: 'POST',
    path: '/v1/budgets/:agent/spend',
    about: 'report what an agent used up elsewhere: tokens, money, output',
    input: z.strictObject({ agent: AgentName, task: z.string().max(100).optional(), amounts: Amounts }),
    output: z.object({ budgets: z.array(BudgetShape) }),
  }),
} as const
