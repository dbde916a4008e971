/** One statement of a policy, as the page lists it. */
export interface RuleRow {
  readonly id: string
  readonly effect: string
  readonly agents: readonly string[]
  readonly capabilities: readonly string[]
  readonly reason: string
}

const LISTS = [
  ['allow', 'allow'],
  ['deny', 'deny'],
  ['ask', 'ask'],
  ['may_request', 'may be asked for'],
] as const

/**
 * The statements of a policy file in one list, strictest first.
 *
 * @param policy as the daemon read it; only what is shown here is looked at, the daemon alone decides
 * @param agent whom they must speak of; everybody when absent
 */
export function effectiveRules(
  policy: Readonly<Record<string, unknown>>,
  agent: string | undefined,
): RuleRow[] {
  const rules = list(policy['rules']).map((rule): RuleRow => {
    const of = record(rule)
    return {
      id: word(of['id']),
      effect: word(of['effect']),
      agents: list(of['agents']).map(word),
      capabilities: list(of['capabilities']).map(word),
      reason: word(of['reason']),
    }
  })
  const own = Object.entries(record(policy['agents'])).flatMap(([name, value]) =>
    LISTS.flatMap(([key, effect]) => {
      const capabilities = list(record(value)[key]).map(word)
      return capabilities.length === 0
        ? []
        : [{ id: `agents.${name}.${key}`, effect, agents: [name], capabilities, reason: '' }]
    }),
  )
  const order = ['deny', 'ask', 'allow']
  const rank = ({ effect }: RuleRow): number =>
    order.includes(effect) ? order.indexOf(effect) : order.length
  return [...rules, ...own]
    .filter(({ agents }) => agent === undefined || agents.some((pattern) => speaksOf(pattern, agent)))
    .toSorted((a, b) => rank(a) - rank(b))
}

function speaksOf(pattern: string, agent: string): boolean {
  if (!pattern.includes('*')) return pattern === agent
  const [head = '', ...rest] = pattern.split('*')
  return agent.startsWith(head) && agent.endsWith(rest.at(-1) ?? '')
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {}
}

function word(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value ?? '')
}
