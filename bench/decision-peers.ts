import { fitsPieces } from '../src/decide/policy/match.ts'
import { NOW, type BenchGrant, type BenchRequest, type Workload } from './decision-workload.ts'

/** One engine, loaded with a workload: answers a request, already parsed. */
export interface Engine {
  readonly name: string
  readonly decide: (request: BenchRequest) => boolean
}

type Load = (workload: Workload) => Promise<Engine>

// the peers have a package.json of their own, so the compiler must not look for them
const load = (name: string): Promise<unknown> => import(name)

/** A fast matcher for the peers that take one: no engine is slowed by what stands outside of it. */
function matcherOf({ kind, pattern }: BenchGrant): (resource: string) => boolean {
  if (!pattern.includes('*')) return (resource) => resource === pattern
  if (pattern.endsWith('/**')) {
    const head = pattern.slice(0, -3)
    return (resource) =>
      resource.startsWith(head) && (resource.length === head.length || resource[head.length] === '/')
  }
  if (kind === 'endpoint') {
    const tail = pattern.slice(1)
    return (resource) => resource.endsWith(tail)
  }
  const pieces = pattern.split('*')
  const depth = pattern.split('/').length
  return (resource) => fitsPieces(pieces, resource) && resource.split('/').length === depth
}

/** One look-up on one joined key, literals only: no patterns, no denies, no times. A bound, not an engine. */
export function bareMap({ grants }: Workload): Engine {
  const map = new Map(
    grants.map(({ agent, operation, pattern, deny }) => [`${agent}|${operation}|${pattern}`, !deny]),
  )
  return {
    name: 'bare Map look-up (bound, not an engine)',
    decide: ({ agent, operation, resource }) => map.get(`${agent}|${operation}|${resource}`) ?? false,
  }
}

interface CaslRule {
  readonly action: string
  readonly subject: string
  readonly conditions: BenchGrant
  readonly inverted: boolean
}
interface Casl {
  Ability: new (
    rules: readonly CaslRule[],
    options: {
      conditionsMatcher: (grant: BenchGrant) => (request: { resource: string }) => boolean
      detectSubjectType: () => string
    },
  ) => { relevantRuleFor(action: string, subject: object): { inverted: boolean } | null }
}

/** One Ability per agent, denies last, own conditions matcher. */
const casl: Load = async ({ grants }) => {
  const { Ability } = (await load('@casl/ability')) as Casl
  const abilities = new Map(
    [...Map.groupBy(grants, ({ agent }) => agent)].map(([agent, own]) => {
      const rules = own.map((grant) => ({
        action: grant.operation,
        subject: 'Resource',
        conditions: grant,
        inverted: grant.deny,
      }))
      const ability = new Ability(
        rules.toSorted((a, b) => Number(a.inverted) - Number(b.inverted)),
        {
          conditionsMatcher: (grant) => {
            const fits = matcherOf(grant)
            return ({ resource }) => grant.from <= NOW && NOW < grant.until && fits(resource)
          },
          detectSubjectType: () => 'Resource',
        },
      )
      return [agent, ability] as const
    }),
  )
  return {
    name: 'CASL',
    decide: (request) => {
      const rule = abilities.get(request.agent)?.relevantRuleFor(request.operation, request)
      return rule !== undefined && rule !== null && !rule.inverted
    },
  }
}

interface CasbinEnforcer {
  addFunction(
    name: string,
    fn: (resource: string, id: string) => Promise<boolean> | boolean,
  ): Promise<void> | void
  addPolicies(rules: string[][]): Promise<boolean>
  enforceSync(...request: string[]): boolean
}
interface Casbin {
  newModelFromString(text: string): unknown
  newEnforcer(model: unknown): Promise<CasbinEnforcer>
}

const CASBIN_MODEL = `
[request_definition]
r = act, obj
[policy_definition]
p = act, obj, eft
[policy_effect]
e = some(where (p.eft == allow)) && !some(where (p.eft == deny))
[matchers]
m = r.act == p.act && fits(r.obj, p.obj)
`

/** One enforcer per agent, own matcher function. */
const casbin: Load = async ({ grants }) => {
  const library = (await load('casbin')) as Casbin
  const fits = grants.map(matcherOf)
  const enforcers = new Map<string, CasbinEnforcer>()
  const numbered = grants.map((grant, i) => ({ grant, id: String(i) }))
  for (const [agent, own] of Map.groupBy(numbered, ({ grant }) => grant.agent)) {
    const enforcer = await library.newEnforcer(library.newModelFromString(CASBIN_MODEL))
    await enforcer.addFunction('fits', (resource, id) => {
      const grant = grants[Number(id)]!
      return grant.from <= NOW && NOW < grant.until && fits[Number(id)]!(resource)
    })
    await enforcer.addPolicies(
      own.map(({ grant, id }) => [grant.operation, id, grant.deny ? 'deny' : 'allow']),
    )
    enforcers.set(agent, enforcer)
  }
  return {
    name: 'casbin',
    decide: ({ agent, operation, resource }) =>
      enforcers.get(agent)?.enforceSync(operation, resource) ?? false,
  }
}

interface Cedar {
  preparsePolicySet(id: string, policies: { staticPolicies: string }): { type: string; errors?: unknown }
  statefulIsAuthorized(call: object): { type: string; response?: { decision: string }; errors?: unknown }
}

/** One pre-parsed policy set per agent, resource and time in the context. */
const cedar: Load = async ({ grants }) => {
  const wasm = (await load('@cedar-policy/cedar-wasm/nodejs')) as Cedar
  const agents = new Set<string>()
  for (const [agent, own] of Map.groupBy(grants, (grant) => grant.agent)) {
    const answer = wasm.preparsePolicySet(agent, { staticPolicies: own.map(cedarPolicy).join('\n') })
    if (answer.type !== 'success') throw new Error(`cedar: ${JSON.stringify(answer.errors)}`)
    agents.add(agent)
  }
  return {
    name: 'Cedar (wasm)',
    decide: ({ agent, operation, resource }) => {
      if (!agents.has(agent)) return false
      const answer = wasm.statefulIsAuthorized({
        principal: { type: 'Agent', id: agent },
        action: { type: 'Action', id: operation },
        resource: { type: 'Resource', id: 'it' },
        context: { res: resource, now: NOW },
        preparsedPolicySetId: agent,
        validateRequest: false,
        entities: [],
      })
      if (answer.type !== 'success') throw new Error(`cedar: ${JSON.stringify(answer.errors)}`)
      return answer.response?.decision === 'allow'
    },
  }
}

function cedarPolicy({ operation, pattern, deny, from, until }: BenchGrant): string {
  const tree = pattern.endsWith('/**') ? pattern.slice(0, -3) : undefined
  const fits =
    tree === undefined
      ? pattern.includes('*')
        ? `context.res like ${JSON.stringify(pattern)}`
        : `context.res == ${JSON.stringify(pattern)}`
      : `(context.res == ${JSON.stringify(tree)} || context.res like ${JSON.stringify(`${tree}/*`)})`
  const when = `context.now >= ${from} && context.now < ${until} && ${fits}`
  return `${deny ? 'forbid' : 'permit'}(principal, action == Action::${JSON.stringify(operation)}, resource) when { ${when} };`
}

/** Some take minutes to load what others load in a second; they are left out of the sizes above `mostGrants`. */
export const PEERS: readonly {
  readonly name: string
  readonly mostGrants: number
  readonly load: Load
}[] = [
  { name: 'CASL', mostGrants: Number.POSITIVE_INFINITY, load: casl },
  { name: 'casbin', mostGrants: 10_000, load: casbin },
  { name: 'Cedar (wasm)', mostGrants: 10_000, load: cedar },
]
