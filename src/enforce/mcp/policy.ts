/** How far a server is trusted; what follows from it is in {@link TIERS}. */
export const SERVER_TIERS = ['trusted', 'verified', 'untrusted'] as const
export type ServerTier = (typeof SERVER_TIERS)[number]

export type RuleAction = 'allow' | 'ask' | 'deny'
export type FileAccess = 'read' | 'write' | 'list' | 'delete'

/** What an argument has to be. A rule for an argument that is not there says nothing, unless it is `required`. */
export interface ArgumentRule {
  readonly type?: 'string' | 'number' | 'integer' | 'boolean' | 'array' | 'object'
  readonly required?: boolean
  /** An expression a string has to match. */
  readonly pattern?: string
  readonly oneOf?: readonly (string | number | boolean)[]
  /** Of a number; both ends belong. */
  readonly range?: readonly [number, number]
  /** Longest string or list. */
  readonly maxLength?: number
  /** It is a path: what is done there, and the folders one of which it has to lie in (none: wherever the gate lets the agent). */
  readonly path?: { readonly access: FileAccess; readonly below: readonly string[] }
  /** It is a URL, of one of these hosts (none: wherever the gate lets the agent). */
  readonly url?: { readonly hosts: readonly string[] }
  /** It is a command line: rated and asked about like one. */
  readonly command?: boolean
  /** It is free text: not taken for a path or a URL, whatever it looks like. */
  readonly text?: boolean
}

export interface NameRule {
  /** `*` for any run of characters. */
  readonly pattern: string
  readonly action: RuleAction
}

export interface ToolRule extends NameRule {
  /** By name; `a.b` for a member of an object, `a[]` for each item of a list. */
  readonly arguments: Readonly<Record<string, ArgumentRule>>
  /** Arguments that no rule names are refused. */
  readonly isClosed: boolean
  /** What its results are labelled with, beside what its definition shows. */
  readonly labels: readonly string[]
  /** Labels it may act on without a further yes. */
  readonly accepts?: readonly string[]
  readonly callMs?: number
  /** Calls that may be under way in one session. */
  readonly atOnce?: number
}

/** What policy says of one server, completed with what its tier says. Plain data: it crosses to the firewall process. */
export interface ServerPolicy {
  readonly name: string
  readonly tier: ServerTier
  readonly tools: readonly ToolRule[]
  /** By URI. */
  readonly resources: readonly NameRule[]
  readonly prompts: readonly NameRule[]
  /** Requests beyond the ordinary ones that are passed on. */
  readonly methods: readonly string[]
  readonly questions: Readonly<Record<ServerQuestion, RuleAction>>
  readonly limits: ServerLimits
  /** What is done with keys and personal data in what passes, either way. */
  readonly secrets: 'redact' | 'block' | 'off'
}

export const SERVER_QUESTIONS = ['sampling', 'elicitation', 'roots'] as const
export type ServerQuestion = (typeof SERVER_QUESTIONS)[number]

export interface ServerLimits {
  readonly callsPerMinute: number
  /** In one session. */
  readonly calls: number
  readonly callMs: number
  readonly openRequests: number
  /** Of one message, either way. */
  readonly messageBytes: number
  readonly tools: number
}

export interface TierSays {
  readonly limits: ServerLimits
  /** Where its tools may change files: wherever the gate lets the agent, where a rule names folders, nowhere. */
  readonly writes: 'anywhere' | 'named' | 'nowhere'
  /** What its tools openly can do that they may not. */
  readonly refusedLabels: readonly string[]
  /** Whether even what is allowed asks a person. */
  readonly alwaysAsks: boolean
  /** What everything from it is labelled with. */
  readonly labels: readonly string[]
}

const SHARED = { openRequests: 64, messageBytes: 8 * 1024 * 1024, tools: 512 } as const

/** What follows from how far a server is trusted. Policy may name other limits; the rest it cannot make wider. */
export const TIERS: Readonly<Record<ServerTier, TierSays>> = {
  trusted: {
    limits: { ...SHARED, callsPerMinute: 120, calls: 10_000, callMs: 120_000 },
    writes: 'anywhere',
    refusedLabels: [],
    alwaysAsks: false,
    labels: [],
  },
  verified: {
    limits: { ...SHARED, callsPerMinute: 60, calls: 2000, callMs: 60_000 },
    writes: 'named',
    refusedLabels: ['credential-read', 'persistence'],
    alwaysAsks: false,
    labels: [],
  },
  untrusted: {
    limits: { ...SHARED, callsPerMinute: 30, calls: 500, callMs: 30_000, messageBytes: 1024 * 1024 },
    writes: 'nowhere',
    refusedLabels: ['credential-read', 'persistence', 'process', 'file-write', 'destructive'],
    alwaysAsks: true,
    labels: ['external-data'],
  },
}

/** Every rule that names the tool holds; of their actions the strictest. */
export interface RulesFound<R extends NameRule> {
  readonly action: RuleAction
  readonly rules: readonly R[]
}

const STRICTEST_FIRST = ['deny', 'ask', 'allow'] as const

/** @returns `deny` with no rules where none names it */
export function rulesFor<R extends NameRule>(rules: readonly R[], name: string): RulesFound<R> {
  const found = rules.filter(({ pattern }) => isNamedBy(name, pattern))
  const action = STRICTEST_FIRST.find((each) => found.some((rule) => rule.action === each)) ?? 'deny'
  return { action, rules: found }
}

/** `*` is any run of characters; matching takes time in proportion to both lengths at worst. */
export function isNamedBy(name: string, pattern: string): boolean {
  if (!pattern.includes('*')) return name === pattern
  const [first = '', ...rest] = pattern.split('*')
  const last = rest.pop() ?? ''
  if (!name.startsWith(first) || !name.endsWith(last) || name.length < first.length + last.length)
    return false
  let at = first.length
  for (const part of rest) {
    const found = name.indexOf(part, at)
    if (found === -1) return false
    at = found + part.length
  }
  return at <= name.length - last.length
}
