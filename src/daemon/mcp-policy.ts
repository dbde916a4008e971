import { parseDurationMs, parseSizeBytes } from '../core/quantity.ts'
import {
  mcpActionOf,
  type McpServerDocument,
  type McpToolDocument,
  type PolicyDocument,
} from '../decide/policy/index.ts'
import {
  TIERS,
  type ArgumentRule,
  type NameRule,
  type ServerPolicy,
  type ToolRule,
} from '../enforce/mcp/index.ts'

/** What the policy in force says of one server, and how it is started. */
export interface McpServer {
  readonly policy: ServerPolicy
  readonly document: McpServerDocument
  /** The sandbox profile it runs in. */
  readonly profile: string
}

/** The profile of a server, by its tier, where the policy names none: only what is trusted writes where the client works. */
const PROFILES = { trusted: 'mcp-server', verified: 'mcp-server', untrusted: 'mcp-guest' } as const

/** @returns undefined for a server the policy does not name: it is denied */
export function mcpServerOf(policy: PolicyDocument, name: string, workspace: string): McpServer | undefined {
  const servers = policy.mcp?.servers ?? {}
  const document = Object.hasOwn(servers, name) ? servers[name] : undefined
  if (document === undefined) return undefined
  const tier = document.tier ?? 'untrusted'
  const usual = TIERS[tier].limits
  const { sampling = 'deny', elicitation = 'deny', roots = 'deny' } = document.questions ?? {}
  return {
    document,
    profile: document.profile ?? PROFILES[tier],
    policy: {
      name,
      tier,
      tools: Object.entries(document.tools ?? {}).map(([pattern, tool]) =>
        toolRule(pattern, tool, workspace),
      ),
      resources: named(document.resources),
      prompts: named(document.prompts),
      methods: document.methods ?? [],
      questions: { sampling, elicitation, roots },
      secrets: document.secrets ?? 'redact',
      limits: {
        ...usual,
        callsPerMinute: document.rate ?? usual.callsPerMinute,
        calls: document.calls ?? usual.calls,
        callMs: document.timeout === undefined ? usual.callMs : parseDurationMs(document.timeout),
        messageBytes:
          document.max_message === undefined ? usual.messageBytes : parseSizeBytes(document.max_message),
      },
    },
  }
}

/** What a look at a server's lists goes by: nothing is called, and nothing it lists is left out. */
export function lookPolicy(name: string): ServerPolicy {
  const all: NameRule[] = [{ pattern: '*', action: 'allow' }]
  return {
    ...{ name, tier: 'trusted', resources: all, prompts: all, methods: [] },
    tools: [{ pattern: '*', action: 'allow', arguments: {}, isClosed: false, labels: [] }],
    questions: { sampling: 'deny', elicitation: 'deny', roots: 'deny' },
    limits: { ...TIERS.untrusted.limits, messageBytes: 8 * 1024 * 1024 },
    secrets: 'redact',
  }
}

function named(list: McpServerDocument['resources']): NameRule[] {
  return Object.entries(list ?? {}).map(([pattern, action]) => ({ pattern, action }))
}

function toolRule(
  pattern: string,
  tool: McpToolDocument | 'allow' | 'ask' | 'deny',
  workspace: string,
): ToolRule {
  const action = mcpActionOf(tool)
  if (typeof tool === 'string') return { pattern, action, arguments: {}, isClosed: false, labels: [] }
  const { labels = [], accepts, timeout, at_once: atOnce } = tool
  return {
    ...{ pattern, action, labels },
    isClosed: tool.other_arguments === 'deny',
    arguments: Object.fromEntries(
      Object.entries(tool.arguments ?? {}).map(([name, rule]) => [name, argumentRule(rule, workspace)]),
    ),
    ...(accepts === undefined ? {} : { accepts }),
    ...(timeout === undefined ? {} : { callMs: parseDurationMs(timeout) }),
    ...(atOnce === undefined ? {} : { atOnce }),
  }
}

function argumentRule(
  rule: NonNullable<McpToolDocument['arguments']>[string],
  workspace: string,
): ArgumentRule {
  const { type, required, pattern, one_of: oneOf, range, max, path, url, command, text } = rule
  const below = (rule.below ?? []).map((folder) => folder.replaceAll('${WORKSPACE}', workspace))
  return {
    ...(type === undefined ? {} : { type }),
    ...(required === undefined ? {} : { required }),
    // as a whole: a pattern that matches somewhere inside would let anything around it pass
    ...(pattern === undefined ? {} : { pattern: `^(?:${pattern})$` }),
    ...(oneOf === undefined ? {} : { oneOf }),
    ...(range === undefined ? {} : { range }),
    ...(max === undefined ? {} : { maxLength: max }),
    ...(path === undefined ? {} : { path: { access: path, below } }),
    ...(url === true ? { url: { hosts: rule.hosts ?? [] } } : {}),
    ...(command === undefined ? {} : { command }),
    ...(text === undefined ? {} : { text }),
  }
}
